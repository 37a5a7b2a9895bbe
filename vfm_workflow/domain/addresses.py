"""Work addresses: how they are written, so that two spellings of one are one."""

from __future__ import annotations


def clean_address(text: str) -> str | None:
    """Return a work address in lower case, or None where it is none. Two addresses in one field are none."""
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(
            text.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True
        )
    except EmailNotValidError:
        return None
    return found.normalized.lower()
