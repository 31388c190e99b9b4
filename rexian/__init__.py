"""Rexian, a city's hotline in one system."""
