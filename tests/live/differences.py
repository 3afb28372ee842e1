"""How real stores differ from Amazon S3, and the tests that fail for it there.

The tests are marked as strict xfail: one that passes fails the run, and its line has to go. ``docs/live.md`` holds the
same reasons.
"""

from __future__ import annotations

from typing import Final

DIFFERENCES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "versitygw": {
        "Keys are paths of a file system: no part of them is longer than 255 bytes.": (
            "test_conformance.py::test_keys_have_1024_bytes_at_most[versitygw]",
            "test_foreign_names.py::test_plans_and_reports[6]",
            "test_foreign_names.py::test_messages[6]",
        ),
        "Keys are paths of a file system: one that ends with a slash is a folder and holds no data.": (
            "test_conformance.py::test_pages_list_everything_in_order[versitygw-1]",
            "test_conformance.py::test_pages_list_everything_in_order[versitygw-3]",
            "test_conformance.py::test_pages_list_everything_in_order[versitygw-1000]",
            "test_conformance.py::test_folders_are_rolled_up_once[versitygw-1]",
            "test_conformance.py::test_folders_are_rolled_up_once[versitygw-1000]",
            "test_client.py::test_any_key_goes_out_as_it_is[trailing/]",
            "test_looking.py::test_keys_that_no_address_names",
        ),
        "Keys are paths of a file system: a name cannot be both a file and a folder.": (
            "test_plan.py::test_conflicts_are_reported_one_by_one",
            "test_plan.py::test_uploads_that_would_hide_files_are_conflicts",
            "test_transfers.py::test_a_path_that_is_a_file_and_a_folder_means_the_file",
            "test_transfers.py::test_a_file_in_the_way_of_a_folder_is_refused",
            "test_looking.py::test_a_file_and_a_folder_of_one_name",
        ),
        "Keys are paths of a file system: a//b and a/./b are a/b.": (
            "test_client.py::test_any_key_goes_out_as_it_is[a//b]",
            "test_transfers.py::test_keys_that_leave_the_destination_are_refused_one_by_one",
        ),
        "Control characters are listed as U+FFFD, whatever encoding is asked for; the order is that of the keys.": (
            r"test_client.py::test_any_key_goes_out_as_it_is[x\x01\ty\r\n]",
            "test_client.py::test_listings",
            "test_foreign_names.py::test_plans_and_reports[0]",
            "test_foreign_names.py::test_plans_and_reports[1]",
            "test_foreign_names.py::test_plans_and_reports[7]",
            r"test_places.py::test_names_with_line_breaks_and_the_like[a\x0bb]",
            r"test_places.py::test_names_with_line_breaks_and_the_like[\x1b[2J]",
        ),
        "Any text is taken for a continuation token, and the listing starts after it.": (
            "test_conformance.py::test_an_unknown_token_is_refused[versitygw]",
        ),
        "A listing of uploads refuses the marker that it returned for the last upload of a key.": (
            "test_client.py::test_unfinished_uploads_are_listed",
        ),
        "Deleted keys are reported although quiet mode was asked for.": (
            "test_conformance.py::test_deleting_quietly[versitygw]",
        ),
        "One request can delete more than 1,000 keys.": (
            "test_conformance.py::test_deleting_more_than_a_thousand_is_refused[versitygw]",
        ),
        "Completing an upload a second time names no checksum.": (
            "test_client.py::test_completing_twice_is_fine_and_completing_what_was_given_up_is_not",
        ),
        "A part that is copied from a range has the checksum of the whole source, and readers who verify it fail.": (
            "test_writing.py::test_going_on_behind_a_long_file[True]",
            "test_writing.py::test_objects_too_large_to_copy_at_once",
        ),
    },
    "minio": {
        "Credentials of its STS cannot be revoked before they expire.": (
            "test_lease.py::test_keys_that_ended_are_replaced_by_renewed_ones",
        ),
        "Keys are paths of a file system: no part of them is longer than 255 bytes.": (
            "test_conformance.py::test_keys_have_1024_bytes_at_most[minio]",
            "test_foreign_names.py::test_plans_and_reports[6]",
            "test_foreign_names.py::test_messages[6]",
        ),
        "Keys are paths of a file system: a name cannot be both a file and a folder.": (
            "test_plan.py::test_conflicts_are_reported_one_by_one",
            "test_plan.py::test_uploads_that_would_hide_files_are_conflicts",
            "test_transfers.py::test_a_path_that_is_a_file_and_a_folder_means_the_file",
            "test_transfers.py::test_a_file_in_the_way_of_a_folder_is_refused",
            "test_looking.py::test_a_file_and_a_folder_of_one_name",
        ),
        "Keys are paths of a file system: a//b, a/./b and a/../b are refused.": (
            "test_client.py::test_any_key_goes_out_as_it_is[a//b]",
            "test_transfers.py::test_keys_that_leave_the_destination_are_refused_one_by_one",
            "test_looking.py::test_keys_that_no_address_names",
        ),
        "A page of one key may be empty.": (
            "test_conformance.py::test_pages_list_everything_in_order[minio-1]",
        ),
        "Unfinished uploads are listed only for one key that is named in full.": (
            "test_conformance.py::test_uploads_in_progress_are_listed[minio]",
            "test_client.py::test_unfinished_uploads_are_listed",
            "test_client.py::test_an_upload_does_not_replace_what_it_must_not",
        ),
        "An object uploaded without a checksum gets none; Amazon S3 has kept a CRC64NVME of it since December 2024.": (
            "test_conformance.py::test_what_comes_without_a_checksum_gets_a_crc64nvme[minio]",
            "test_conformance.py::test_parts_that_come_without_a_checksum_get_a_crc64nvme_of_the_whole[minio]",
        ),
        "A malformed range is refused instead of ignored.": (
            "test_conformance.py::test_a_malformed_range_counts_as_none[minio]",
        ),
        "An aborted upload can be aborted again.": (
            "test_conformance.py::test_an_aborted_upload_accepts_no_parts[minio]",
        ),
        "Completing with an empty list of parts is InvalidRequest, not MalformedXML.": (
            "test_conformance.py::test_an_upload_without_parts_cannot_be_completed[minio]",
        ),
        "The size of the completed object is not checked.": (
            "test_conformance.py::test_completing_checks_the_size[minio]",
            "test_client.py::test_what_the_parts_do_not_make_is_refused",
        ),
        "A part without the checksum of its upload is InvalidArgument; completing without it is InvalidPart.": (
            "test_conformance.py::test_each_part_has_the_checksum_that_its_upload_asks_for[minio]",
            "test_conformance.py::test_completing_names_the_checksum_of_each_part[minio]",
        ),
        "A wrong checksum is XAmzContentChecksumMismatch, not BadDigest; the SDK handles both alike.": (
            "test_conformance.py::test_wrong_checksums_are_refused[minio]",
            "test_conformance.py::test_wrong_checksums_of_parts_are_refused[minio]",
            "test_conformance.py::test_a_wrong_checksum_of_the_whole_object_is_refused[minio]",
            "test_client.py::test_wrong_checksums_are_refused",
        ),
        "An upload with one empty part has no checksum.": (
            "test_streamed.py::test_a_part_is_sent_as_it_is_read[0]",
        ),
    },
    "seaweedfs": {
        "Credentials of its STS cannot be revoked before they expire.": (
            "test_lease.py::test_keys_that_ended_are_replaced_by_renewed_ones",
        ),
        "Keys are paths of a file system: no part of them is longer than 255 bytes.": (
            "test_conformance.py::test_keys_have_1024_bytes_at_most[seaweedfs]",
            "test_foreign_names.py::test_plans_and_reports[6]",
            "test_foreign_names.py::test_messages[6]",
        ),
        "Keys are paths of a file system: a//b is a/b, and a/../b is refused.": (
            "test_client.py::test_any_key_goes_out_as_it_is[a//b]",
            "test_transfers.py::test_keys_that_leave_the_destination_are_refused_one_by_one",
            "test_looking.py::test_keys_that_no_address_names",
        ),
        "Keys are paths of a file system: one that ends with a slash is a folder, without a checksum.": (
            "test_client.py::test_any_key_goes_out_as_it_is[trailing/]",
        ),
        "Keys are paths of a file system: a folder stays listed for two minutes after its last file was deleted.": (
            "test_abstract.py::test_copy_directory_to_existing_directory",
            "test_abstract.py::test_copy_directory_to_new_directory",
            "test_abstract.py::test_copy_glob_to_existing_directory",
            "test_abstract.py::test_copy_glob_to_new_directory",
            "test_abstract.py::test_put_directory_to_new_directory",
            "test_abstract.py::test_put_directory_to_existing_directory",
            "test_abstract.py::test_put_glob_to_existing_directory",
            "test_abstract.py::test_put_glob_to_new_directory",
            "test_abstract.py::test_put_directory_recursive",
            "test_looking.py::test_what_we_write_shows_at_once",
        ),
        "A backslash in a key is listed as a slash.": (
            r"test_conformance.py::test_odd_keys[seaweedfs-back\\slash]",
        ),
        "Folders are listed in the order of their names without the slash.": (
            "test_conformance.py::test_folders_are_rolled_up_once[seaweedfs-1000]",
        ),
        "Any text is taken for a continuation token, and the listing starts after it.": (
            "test_conformance.py::test_an_unknown_token_is_refused[seaweedfs]",
        ),
        "The content type of an object that was put without one is guessed.": (
            "test_conformance.py::test_the_usual_type_of_content[seaweedfs]",
        ),
        "An object uploaded without a checksum gets none; Amazon S3 has kept a CRC64NVME of it since December 2024.": (
            "test_conformance.py::test_what_comes_without_a_checksum_gets_a_crc64nvme[seaweedfs]",
            "test_conformance.py::test_parts_that_come_without_a_checksum_get_a_crc64nvme_of_the_whole[seaweedfs]",
        ),
        "A malformed range is refused instead of ignored.": (
            "test_conformance.py::test_a_malformed_range_counts_as_none[seaweedfs]",
        ),
        "An object that was put in one request has a count of parts.": (
            "test_conformance.py::test_a_part_can_be_asked_for[seaweedfs]",
        ),
        "The size of the completed object is not checked.": (
            "test_conformance.py::test_completing_checks_the_size[seaweedfs]",
            "test_client.py::test_what_the_parts_do_not_make_is_refused",
        ),
        "Completing an upload that has no parts is NoSuchUpload.": (
            "test_conformance.py::test_an_upload_without_parts_cannot_be_completed[seaweedfs]",
        ),
        "A part is taken without the checksum that its upload asks for.": (
            "test_conformance.py::test_each_part_has_the_checksum_that_its_upload_asks_for[seaweedfs]",
        ),
        "It does not return what a checksum covers.": (
            "test_conformance.py::test_the_checksum_type_is_returned[seaweedfs]",
        ),
        "A list of parts names no checksums.": (
            "test_conformance.py::test_checksums_of_parts[seaweedfs]",
            "test_client.py::test_parts_are_listed_page_by_page",
            "test_client.py::test_uploads_in_parts",
            "test_client.py::test_an_upload_does_not_replace_what_it_must_not",
        ),
    },
}

# Keys are drawn at random: whether they run into one of the differences above is chance.
BY_CHANCE: Final = frozenset({"test_client.py::test_every_key_goes_out_as_it_is"})
