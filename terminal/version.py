"""The version that entries, central and pages are told."""

APP_VERSION = "0.1.0"
