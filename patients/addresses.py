"""Who counts as one, by the address that a connection comes from."""

import ipaddress


def network_of(address: str | None) -> str | None:
    """What one person can send from: an IPv4 address, or the first one of the 64 bits of IPv6 that a household gets.

    None where it is no address (a Unix socket).
    """
    try:
        known = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    if known.version == 4:
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network(f"{known}/64", strict=False).network_address)
