"""One module for each supervised process."""
