"""Menus as data, the pure machine that walks a menu, linter, text simulator, prompts."""
