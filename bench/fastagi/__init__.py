"""CPU a FastAGI session costs in different servers, with one and the same menu."""
