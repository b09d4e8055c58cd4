"""Configuration: TOML or JSON files and environment overrides become frozen dataclasses.

A program declares its keys as a frozen dataclass with defaults, `load` fills it. Every mistake
in a file is found in one pass and is one line: file, key, what was expected, what stood there.
"""

from standfast.config.earlier import Earlier, secrets_in
from standfast.config.mistakes import NOTHING, VARIABLE, ConfigError, Mistake
from standfast.config.reader import load, load_text
from standfast.config.repeats import repeated
from standfast.config.schema import Alias, AtLeast, Check, Duration, Seconds
from standfast.config.urls import is_url

__all__ = [
    "NOTHING",
    "VARIABLE",
    "Alias",
    "AtLeast",
    "Check",
    "ConfigError",
    "Duration",
    "Earlier",
    "Mistake",
    "Seconds",
    "is_url",
    "load",
    "load_text",
    "repeated",
    "secrets_in",
]
