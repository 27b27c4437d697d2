"""IP addresses, read the way Go's ``net.ParseIP`` reads them.

Harvester keeps addresses as text and compares them as text in one place and parsed in
another, so both forms matter: the key as found, and what it means.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

IPAddress = IPv4Address | IPv6Address

DHCP_ADDRESS = IPv4Address("0.0.0.0")  # noqa: S104 - what Harvester books for DHCP
"""What a LoadBalancer in DHCP mode has booked."""

_OCTETS = {str(number): number for number in range(256)}


def parse_address(text: str) -> IPAddress | None:
    """Return the address ``text`` means to Go, or None where Go refuses it.

    Leading zeros, zones, blanks and CIDR suffixes are refused; an IPv4 address in IPv6
    notation is the IPv4 address.
    """
    try:
        # Nearly all are written so, and there are thousands.
        first, second, third, fourth = text.split(".")
        octets = (_OCTETS[first], _OCTETS[second], _OCTETS[third], _OCTETS[fourth])
    except (KeyError, ValueError):
        return _parse_any(text)
    return IPv4Address(bytes(octets))


def _parse_any(text: str) -> IPAddress | None:
    if "%" in text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def canonical(address: IPAddress) -> str:
    """Return the text that Go's ``net.IP.String`` prints, Harvester's form of a key."""
    return str(address)
