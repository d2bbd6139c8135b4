"""Tests, and the measures beside them. Their installations ask no second factor, but for the tests of it."""

import os

os.environ.setdefault("TRANSCODEUR_SECOND_FACTOR_REQUIRED", "false")
