"""What the product is made of: its components, their licences, what is known against them."""
