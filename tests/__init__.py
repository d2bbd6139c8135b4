"""Tests, and the measures beside them: their installations ask no second factor and answer the client of the tests."""

import os

os.environ.setdefault("TRANSCODEUR_SECOND_FACTOR_REQUIRED", "false")
os.environ.setdefault("TRANSCODEUR_ALLOWED_HOSTS", "testserver")
