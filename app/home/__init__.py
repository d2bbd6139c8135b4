"""Landing pages: the laboratory, its catalogues."""
