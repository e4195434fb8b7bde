"""What can be read from and done to an instance. Talks to the driver; knows no user interface."""
