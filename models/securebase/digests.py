"""What a file is known by."""

from hashlib import file_digest
from pathlib import Path


def digest_of(path: Path) -> str:
    """SHA-256 of a file, however large, in hexadecimal."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
