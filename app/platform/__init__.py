"""Database, transactions, identity, migrations."""
