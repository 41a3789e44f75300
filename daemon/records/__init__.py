"""Durable state: database, archive index, ledger, journal of paid calls, audit log, blobs, keys."""
