"""A customer's data as those may see it who may not see all: `1523****5678`, `B*** S***`, `0812-••••-7731`. Pure."""


def number(internet_no: str) -> str:
    """`152312345678` as `1523****5678`."""
    return f"{internet_no[:4]}****{internet_no[-4:]}"


def name(full: str) -> str:
    """`Budi Santoso` as `B*** S***`: initials, whatever the length."""
    return " ".join(f"{word[0].upper()}***" for word in full.split()[:3])


def phone(number_: str) -> str:
    """`+6281234567731` as `0812-••••-7731`."""
    local = "0" + number_.removeprefix("+62") if number_.startswith("+62") else number_
    return f"{local[:4]}-••••-{local[-4:]}" if len(local) >= 10 else f"{local[:2]}••••{local[-2:]}"
