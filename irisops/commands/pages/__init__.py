"""The way of a request to a page or a service: /explain with an address."""
