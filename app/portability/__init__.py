"""the archive of a laboratory, its arrival elsewhere, closing"""
