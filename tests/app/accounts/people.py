"""Who signs in, in these tests."""

EMAIL = "marie.durand@exemple.fr"
PASSWORD = "cheval correct pile agrafe"
