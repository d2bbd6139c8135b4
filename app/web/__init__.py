"""Templates, error pages, security headers, wording."""
