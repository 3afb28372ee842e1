"""Datasets in MLCommons' format Croissant, version 1.0, which libraries for machine learning read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from provena_sdk.export.citation import cite
from provena_sdk.export.record import DatasetRecord, ExportedFile
from provena_sdk.export.schema_org import party, present, properties

# The format's specification wants its context as it is, so that readers need no network.
_CONTEXT: Final[dict[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_WHITE_SPACE: Final = re.compile(r"\s|%20")
_LEFT_OUT: Final = (
    "identifier",
    "usageInfo",
    "creditText",
    "copyrightNotice",
    "isBasedOn",
    "temporalCoverage",
)


def document(record: DatasetRecord, files: Sequence[ExportedFile] | None) -> dict[str, Any]:
    """Return a dataset in the format Croissant.

    The format demands a checksum of each file unless a dataset is live, that is, can change. Listings of the object
    store have none, so the dataset is called live.
    """
    plain = {name: value for name, value in properties(record).items() if name not in _LEFT_OUT}
    return present(
        {
            "@context": _CONTEXT,
            "@type": "sc:Dataset",
            "conformsTo": "http://mlcommons.org/croissant/1.0",
            **plain,
            # The format demands semantic versions.
            "version": f"{record.version or 1}.0.0",
            "citeAs": str(cite(record, "bibtex")),
            "creator": [party(author) for author in record.authors],
            "publisher": party(record.publisher),
            "isLiveDataset": True,
            "distribution": [_file_object(number, file) for number, file in enumerate(files or (), 1)],
        }
    )


def _file_object(number: int, file: ExportedFile) -> dict[str, Any]:
    # MLCommons' library refuses ids with white space, also encoded; a colon would end the scheme of a URL.
    is_plain = _WHITE_SPACE.search(file.path) is None and ":" not in file.path.partition("/")[0]
    return {
        "@type": "cr:FileObject",
        "@id": file.path if is_plain else f"file-{number}",
        "name": file.path,
        "contentUrl": file.url,
        "contentSize": f"{file.size} B",
        "encodingFormat": file.media_type,
    }
