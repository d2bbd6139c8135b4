"""A laboratory leaves with everything, comes in from another installation, or is closed."""
