"""The small catalogue files of the imports."""

from tests.app.catalogues.conftest import importer

__all__ = ["importer"]
