"""What collections of datasets have in common: a map, a timeline and GeoJSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from provena_api.models import ItemDataset

if TYPE_CHECKING:
    from provena_sdk.display.pictures.picture import Picture


class DatasetViews:
    """Base class of collections of datasets, with a map, a timeline and GeoJSON."""

    __slots__ = ()

    def _datasets(self) -> Iterable[ItemDataset]:
        raise NotImplementedError

    def map(self) -> Picture:
        """Draw a map of where the datasets' data lie; datasets whose metadata give no place are left out.

        Returns:
            A picture that a notebook shows; ``str`` gives the places in words, ``save(path)`` writes SVG.

        Example:
            >>> print(provena.datastore.search_datasets("alpha").map())
            145°E to 155°E, 25°S to 10°S  Alpha reef survey
        """
        from provena_sdk.views import dataset_pictures  # noqa: PLC0415  # keeps drawing away until it is asked for

        return dataset_pictures.places(self._datasets())

    def plot(self, ax: Any = None) -> Any:
        """Draw the map with matplotlib, to style it, combine it with other data or print it.

        Args:
            ax: Matplotlib's axes to draw on; None makes new ones.

        Returns:
            The axes, with longitude and latitude. East of the date line, longitudes may exceed 180.

        Raises:
            ImportError: matplotlib is not installed.
        """
        from provena_sdk.views import dataset_pictures  # noqa: PLC0415  # keeps drawing away until it is asked for

        return dataset_pictures.plotted_places(self._datasets(), ax)

    def timeline(self) -> Picture:
        """Draw the times that the datasets' data cover, earliest first; datasets without any are left out.

        Returns:
            A picture that a notebook shows; ``str`` gives the times in words, ``save(path)`` writes SVG.

        Example:
            >>> print(provena.datastore.search_datasets("alpha").timeline())
            2010-02-01 to 2021-04-03  Alpha reef survey
        """
        from provena_sdk.views import dataset_pictures  # noqa: PLC0415  # keeps drawing away until it is asked for

        return dataset_pictures.times(self._datasets())

    def to_geojson(self) -> dict[str, Any]:
        """Return a GeoJSON feature collection: one feature per dataset, cut at the date line.

        Returns:
            Each feature has the handle as its id, and name, owner, status, first and last day, keywords and licence
            among its properties; its geometry is None if the metadata give no place that can be read.

        Example:
            >>> provena.datastore.search_datasets("alpha").to_geojson()["features"][0]["id"]
            '10378.1/1900011'
        """
        from provena_sdk.views import dataset_pictures  # noqa: PLC0415  # keeps geometry away until it is asked for

        return dataset_pictures.features(self._datasets())

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        """The datasets as GeoJSON, which ``geopandas.GeoDataFrame.from_features`` and others take."""
        return self.to_geojson()
