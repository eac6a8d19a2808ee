#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the seeds of tests/fuzz/corpus/frames.

usage: make_frames.py DIRECTORY

One seed is a list of records, each a head of two bytes and a frame; see
tests/fuzz/frames_target.h. Sums and TCP's numbers are left to the target, so a
number here is relative to the open connection, which has port 5000 on our side.
"""
import os
import struct
import sys
from ipaddress import ip_address

MEND, WAIT, HOLD = 0x8000, 0x4000, 0x2000
OURS, ROUTER = bytes(6), bytes([2, 0, 0, 0, 0, 1])
PEER4, OWN4 = "10.107.0.1", "10.107.0.2"
PEER6, OWN6 = "fd07:6e65:7463::1", "fd07:6e65:7463::2"
LINK6 = "fe80::1"
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
HOP, ROUTING, FRAG, DSTOPT = 0, 43, 44, 60


def rec(frame, flags=MEND):
    return struct.pack("!H", flags | len(frame)) + frame


def eth(kind, data, dst=OURS, src=ROUTER):
    return dst + src + struct.pack("!H", kind) + data


def raw(addr):
    return ip_address(addr).packed


def ip4(proto, data, src=PEER4, dst=OWN4, ihl=None, length=None, frag=0,
        opts=b"", ident=7, ttl=64, version=4):
    ihl = 5 + len(opts) // 4 if ihl is None else ihl
    length = 20 + len(opts) + len(data) if length is None else length
    head = struct.pack("!BBHHHBBH", version << 4 | ihl, 0, length, ident, frag,
                       ttl, proto, 0)
    return eth(0x800, head + raw(src) + raw(dst) + opts + data)


def ip6(proto, data, src=PEER6, dst=OWN6, length=None, hops=64, mac=OURS):
    length = len(data) if length is None else length
    head = struct.pack("!IHBB", 6 << 28, length, proto, hops)
    return eth(0x86dd, head + raw(src) + raw(dst) + data, mac)


def tcp(flags=ACK, seq=0, ack=0, data=b"", opts=b"", off=None, wnd=0xffff,
        src=5000, dst=80, urgent=0):
    opts += bytes(-len(opts) % 4)
    off = 5 + len(opts) // 4 if off is None else off
    return struct.pack("!HHIIBBHHH", src, dst, seq & 0xffffffff,
                       ack & 0xffffffff, off << 4, flags, wnd, 0,
                       urgent) + opts + data


def udp(data=b"question", length=None, src=4000, dst=53):
    length = 8 + len(data) if length is None else length
    return struct.pack("!HHHH", src, dst, length, 0) + data


def icmp(kind, code=0, rest=0, data=b""):
    return struct.pack("!BBHI", kind, code, 0, rest) + data


def ext(following, data=b"", length=None):
    data += bytes((-len(data) - 2) % 8)
    length = (len(data) + 2) // 8 - 1 if length is None else length
    return bytes([following, length]) + data


def frag6(following, offset, more, data, ident=9):
    return struct.pack("!BBHI", following, 0, offset | more, ident) + data


def arp(op, sender=PEER4, target=OWN4, mac=ROUTER, hlen=6, plen=4, dst=OURS):
    return eth(0x806, struct.pack("!HHBBH", 1, 0x800, hlen, plen, op) + mac +
               raw(sender) + bytes(6) + raw(target), dst)


def nd(kind, target, opts=b"", src=PEER6, dst=OWN6, rest=0x60000000, hops=255,
       mac=OURS):
    return ip6(ICMP6, icmp(kind, 0, rest, raw(target) + opts), src, dst,
               hops=hops, mac=mac)


def router_adv(opts, lifetime=1800, hops=255):
    return ip6(ICMP6, icmp(134, 0, 0x40000000 | lifetime, bytes(8) + opts),
               LINK6, "ff02::1", hops=hops, mac=bytes.fromhex("333300000001"))


def prefix(length=64, bits=0xc0, valid=3600, preferred=1800, size=4):
    return struct.pack("!BBBBIII", 3, size, length, bits, valid, preferred,
                       0) + raw("2001:db8::")


def frames(*list_of, flags=MEND):
    return b"".join(rec(f, flags) for f in list_of)


GROUP = bytes.fromhex("333300000001")
DATA = bytes(range(256)) * 5
SYN_OPTS = bytes([2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 8, 10]) + bytes(8)
PLAIN = ip4(TCP, tcp(ACK | PSH, data=b"more"))

SEEDS = {
    # Ethernet
    "eth_short": frames(b"", b"\x02", eth(0x800, b"")[:13], eth(0x800, b""),
                        eth(0x86dd, b""), eth(0x806, b""), flags=0),
    "eth_unknown_type": frames(eth(0x88cc, DATA), eth(5, DATA),
                               eth(0xffff, b"")),
    "eth_vlan": frames(eth(0x8100, b"\0\5\x08\0" + PLAIN[14:]),
                       eth(0x88a8, b"\0\5\x81\0\0\6\x08\0" + PLAIN[14:]),
                       eth(0x8100, b"\0")),
    "eth_padded": frames(PLAIN + bytes(20)),
    # ARP
    "arp_request": frames(arp(1), arp(1, dst=b"\xff" * 6)),
    "arp_lies": frames(arp(2), arp(2, sender=OWN4), arp(1, sender=OWN4),
                       arp(2, mac=b"\xff" * 6), arp(2, sender="0.0.0.0"),
                       arp(1, sender="255.255.255.255"), arp(9), PLAIN),
    "arp_bad_lengths": frames(arp(1, hlen=0, plen=255), arp(1, hlen=255),
                              arp(1)[:30], arp(1)[:41]),
    # IPv4
    "ip4_bad_lengths": frames(
        ip4(TCP, tcp(), ihl=4), ip4(TCP, tcp(), ihl=15), ip4(TCP, tcp(), ihl=0),
        ip4(TCP, tcp(), length=0), ip4(TCP, tcp(), length=19),
        ip4(TCP, tcp(), length=0xffff), ip4(TCP, tcp(), length=39),
        ip4(TCP, tcp(), version=6), PLAIN[:20], PLAIN[:33]),
    "ip4_options": frames(
        ip4(TCP, tcp(), opts=bytes([7, 39, 4]) + bytes(37)),
        ip4(TCP, tcp(), opts=bytes([131, 7, 4, 1, 2, 3, 4, 0])),
        ip4(TCP, tcp(), opts=bytes([1, 1, 1, 68])),
        ip4(TCP, tcp(), opts=bytes([148, 4, 0, 0]))),
    "ip4_addresses": frames(
        ip4(UDP, udp(), src="255.255.255.255"), ip4(UDP, udp(), src="0.0.0.0"),
        ip4(UDP, udp(), src="127.0.0.1"), ip4(UDP, udp(), src=OWN4),
        ip4(UDP, udp(), dst="224.0.0.1"), ip4(UDP, udp(), dst="10.107.0.255"),
        ip4(TCP, tcp(SYN), src=OWN4, dst=OWN4),
        ip4(TCP, tcp(SYN), src="224.0.0.5"), ip4(UDP, udp(), dst="127.0.0.1")),
    "ip4_unknown_protocol": frames(ip4(0, b"x"), ip4(132, DATA), ip4(255, b""),
                                   ip4(41, DATA), ip4(2, bytes(8))),
    # Fragments of IPv4
    "frag4_in_order": frames(
        ip4(UDP, udp(DATA)[:800], frag=0x2000), ip4(UDP, udp(DATA)[800:],
                                                    frag=100)),
    "frag4_reversed": frames(
        ip4(UDP, udp(DATA)[800:], frag=100), ip4(UDP, udp(DATA)[:800],
                                                 frag=0x2000)),
    "frag4_overlap": frames(
        ip4(UDP, DATA[:800], frag=0x2000), ip4(UDP, DATA[:800], frag=0x2032),
        ip4(UDP, DATA[:80], frag=0x2000), ip4(UDP, DATA[:800], frag=50)),
    "frag4_same_twice": frames(
        *[ip4(UDP, DATA[:400], frag=0x2000)] * 3,
        *[ip4(UDP, DATA[:400], frag=50)] * 2),
    "frag4_past_end": frames(
        ip4(UDP, DATA[:800], frag=0x1fff), ip4(UDP, DATA[:800], frag=0x3fff),
        ip4(UDP, DATA[:16], frag=0x2000)),
    "frag4_two_ends": frames(
        ip4(UDP, DATA[:80], frag=100), ip4(UDP, DATA[:80], frag=50),
        ip4(UDP, DATA[:400], frag=0x2000)),
    "frag4_odd_and_tiny": frames(
        ip4(TCP, tcp()[:8], frag=0x2000), ip4(TCP, tcp()[8:], frag=1),
        ip4(UDP, b"", frag=0x2000), ip4(UDP, b"abc", frag=0x2001)),
    "frag4_many": b"".join(
        rec(ip4(UDP, bytes(16), frag=0x2002, ident=i)) for i in range(40)),
    "frag4_timeout": rec(ip4(UDP, bytes(16), frag=0x2000), MEND | WAIT) * 18,
    # IPv6
    "ip6_bad_lengths": frames(
        ip6(TCP, tcp(), length=0), ip6(TCP, tcp(), length=0xffff),
        ip6(TCP, tcp(), length=19), ip6(TCP, tcp())[:40],
        ip6(TCP, tcp())[:54], ip6(UDP, b"")),
    "ip6_extensions": frames(
        ip6(HOP, ext(DSTOPT, b"\1\4" + bytes(4)) + ext(TCP, b"\1\4") +
            tcp(SYN)),
        ip6(HOP, ext(UDP, b"\xc2\4\0\1\0\0") + udp()),
        ip6(DSTOPT, ext(ROUTING) + ext(FRAG, b"\0\0") + ext(UDP) + udp())),
    "ip6_extension_lengths": frames(
        ip6(HOP, ext(TCP, length=255) + tcp()),
        ip6(DSTOPT, ext(TCP, length=3) + bytes(8)), ip6(HOP, b"\x06"),
        ip6(HOP, b""), ip6(ROUTING, ext(UDP, length=31) + bytes(255)),
        ip6(HOP, ext(HOP) * 30), ip6(FRAG, b"\x06\0\0")),
    "ip6_options": frames(
        ip6(HOP, ext(TCP, b"\1\xff\0\0\0\0") + tcp()),
        ip6(HOP, ext(TCP, b"\5\2\0\0\1") + tcp()),
        ip6(DSTOPT, ext(TCP, b"\xfe\x10\0\0\0\0") + tcp()),
        ip6(DSTOPT, ext(TCP, b"\1\0\1\0\1\x7f") + tcp())),
    "ip6_routing": frames(
        ip6(ROUTING, ext(TCP, b"\0\1" + bytes(4) + raw(OWN6)) + tcp()),
        ip6(ROUTING, ext(TCP, b"\2\1" + bytes(4) + raw(OWN6)) + tcp()),
        ip6(ROUTING, ext(TCP, b"\x07\xff") + tcp())),
    "ip6_addresses": frames(
        ip6(UDP, udp(), src="::"), ip6(UDP, udp(), src="ff02::1"),
        ip6(UDP, udp(), src="::1"), ip6(UDP, udp(), src=OWN6),
        ip6(UDP, udp(), src="::ffff:10.107.0.1"),
        ip6(UDP, udp(), dst="ff02::1", mac=GROUP),
        ip6(TCP, tcp(SYN), dst="ff02::1", mac=GROUP)),
    # Fragments of IPv6
    "frag6_in_order": frames(
        ip6(FRAG, frag6(UDP, 0, 1, udp(DATA)[:800])),
        ip6(FRAG, frag6(UDP, 800, 0, udp(DATA)[800:]))),
    "frag6_overlap": frames(
        ip6(FRAG, frag6(UDP, 0, 1, DATA[:800])),
        ip6(FRAG, frag6(UDP, 400, 1, DATA[:800])),
        ip6(FRAG, frag6(UDP, 400, 0, DATA[:80]))),
    "frag6_too_long": frames(
        ip6(FRAG, frag6(UDP, 0, 1, DATA[:1232])),
        ip6(FRAG, frag6(UDP, 65488, 0, DATA[:40])),
        ip6(FRAG, frag6(UDP, 65528, 0, DATA[:1232]))),
    "frag6_atomic": frames(ip6(FRAG, frag6(TCP, 0, 0, tcp(SYN))),
                           ip6(FRAG, frag6(UDP, 0, 0, udp()))),
    "frag6_odd_and_tiny": frames(
        ip6(FRAG, frag6(TCP, 0, 1, tcp()[:5])),
        ip6(FRAG, frag6(TCP, 8, 0, b"")), ip6(FRAG, frag6(TCP, 0, 1, b"")),
        ip6(FRAG, frag6(UDP, 8, 1, bytes(8), 4))),
    "frag6_behind_extensions": frames(
        ip6(HOP, ext(FRAG) + frag6(DSTOPT, 0, 1, ext(UDP) + udp(DATA)[:792])),
        ip6(HOP, ext(FRAG) + frag6(DSTOPT, 800, 0, udp(DATA)[792:]))),
    "frag6_of_fragment": frames(
        ip6(FRAG, frag6(FRAG, 0, 0, frag6(FRAG, 0, 0, frag6(UDP, 0, 0,
                                                             udp()))))),
    "frag6_no_next": frames(ip6(59, b""), ip6(FRAG, frag6(59, 0, 0, b"x"))),
    # TCP
    "tcp_connect_and_end": frames(
        ip4(TCP, tcp(SYN, 100, opts=SYN_OPTS, src=6000)),
        ip4(TCP, tcp(FIN | ACK)), ip4(TCP, tcp(ACK, 1, 1))),
    "tcp_bad_offset": frames(*[ip4(TCP, tcp(off=n, data=b"abcd"))
                               for n in (0, 1, 4, 7, 15)],
                             ip4(TCP, tcp()[:19]), ip4(TCP, tcp()[:1]),
                             ip4(TCP, b"")),
    "tcp_bad_options": frames(*[
        ip4(TCP, tcp(flags, src=port, opts=bytes(opts)))
        for flags, port in ((SYN, 6001), (ACK, 5000))
        for opts in ([2, 0, 0, 0], [2, 1, 5, 0xb4], [2, 4], [3, 3, 255],
                     [1, 1, 1, 8], [5, 255, 0, 0], [2, 4, 0, 1], [8, 10, 0],
                     [2, 4, 0, 0], [255, 2, 1, 3])]),
    "tcp_flags": frames(*[ip4(TCP, tcp(flags, data=b"z")) for flags in
                          (0, 0xff, SYN | FIN, SYN | RST | ACK, URG | ACK,
                           FIN, PSH)]),
    "tcp_urgent": frames(ip4(TCP, tcp(ACK | URG, data=b"abc", urgent=1)),
                         ip4(TCP, tcp(ACK | URG, 3, urgent=0xffff))),
    "tcp_numbers": frames(*[
        ip4(TCP, tcp(ACK, seq, ack, b"n" * 9)) for seq, ack in
        ((-1, 0), (-9, 0), (1, 0), (0x7fffffff, 0), (0x80000000, 0),
         (0, 1), (0, 0x7fffffff), (0, -1), (0, -3000), (60000, 0))]),
    "tcp_out_of_order": frames(*[
        ip4(TCP, tcp(ACK, seq, 0, DATA[:size])) for seq, size in
        ((1000, 100), (500, 600), (1050, 10), (2000, 1), (100, 50), (1, 900),
         (3000, 1000), (0, 200), (0, 1280))], ip4(TCP, tcp(FIN | ACK, 4000))),
    "tcp_window": frames(*[ip4(TCP, tcp(ACK, wnd=w)) for w in
                           (0, 1, 7, 0xffff, 0)], flags=MEND | WAIT),
    "tcp_reset": frames(ip4(TCP, tcp(RST, 1)), ip4(TCP, tcp(RST, 70000)),
                        ip4(TCP, tcp(RST)), ip4(TCP, tcp(ACK))),
    "tcp_syn_on_open": frames(ip4(TCP, tcp(SYN)), ip4(TCP, tcp(SYN | ACK)),
                              ip4(TCP, tcp(SYN, 1000, opts=SYN_OPTS)), PLAIN),
    "tcp_ack_twice": rec(ip4(TCP, tcp(ACK, ack=-1460)), MEND | HOLD) * 5 +
    rec(ip4(TCP, tcp(ACK)), MEND | WAIT),
    "tcp_in_one_turn": b"".join(
        rec(ip4(TCP, tcp(ACK, i * 4, data=b"abcd")), MEND | HOLD)
        for i in range(10)) + rec(ip4(TCP, tcp(FIN | ACK, 40))),
    "tcp_over_ip6": frames(ip6(TCP, tcp(SYN, opts=SYN_OPTS)),
                           ip6(TCP, tcp(ACK, data=b"no connection"))),
    # UDP
    "udp_lengths": frames(*[ip4(UDP, udp(length=n)) for n in
                            (0, 7, 8, 15, 17, 0xffff)],
                          ip4(UDP, udp()[:7]), ip4(UDP, b""),
                          ip6(UDP, udp(length=0)), ip6(UDP, udp(length=999))),
    "udp_ports": frames(ip4(UDP, udp()), ip4(UDP, udp(dst=0)),
                        ip4(UDP, udp(src=0)), ip4(UDP, udp(dst=9)),
                        ip4(UDP, udp(src=53, dst=53)), ip4(UDP, udp(src=67,
                                                                    dst=68))),
    # ICMP
    "icmp_echo": frames(ip4(ICMP, icmp(8, 0, 77, DATA)), ip4(ICMP, icmp(0)),
                        ip4(ICMP, icmp(8), dst="10.107.0.255"),
                        ip4(ICMP, icmp(8)[:4]), ip4(ICMP, icmp(8)[:7]),
                        ip4(ICMP, b""), ip4(ICMP, icmp(13, 0, 0, bytes(12)))),
    "icmp_errors": frames(*[
        ip4(ICMP, icmp(kind, code, rest, ip4(proto, l4, OWN4, PEER4)[14:]))
        for kind, code, rest in ((3, 3, 0), (3, 4, 0), (3, 4, 68), (11, 0, 0),
                                 (12, 0, 0), (5, 1, 1 << 24), (3, 99, 0))
        for proto, l4 in ((TCP, tcp(src=80, dst=5000)[:8]), (UDP, udp()))]),
    "icmp_errors_short": frames(*[
        ip4(ICMP, icmp(3, 3, 0, ip4(TCP, tcp(src=80, dst=5000), OWN4,
                                    PEER4)[14:14 + n]))
        for n in (0, 1, 19, 20, 21, 23, 27)],
        ip4(ICMP, icmp(3, 3, 0, ip4(UDP, udp(), OWN4, PEER4, ihl=15)[14:]))),
    "icmp6_echo": frames(ip6(ICMP6, icmp(128, 0, 77, DATA)),
                         ip6(ICMP6, icmp(129)), ip6(ICMP6, icmp(128)[:5]),
                         ip6(ICMP6, b""), ip6(ICMP6, icmp(128),
                                              dst="ff02::1", mac=GROUP)),
    "icmp6_errors": frames(*[
        ip6(ICMP6, icmp(kind, code, rest, ip6(UDP, udp(), OWN6,
                                              PEER6)[14:14 + n]))
        for kind, code, rest in ((1, 4, 0), (2, 0, 0), (2, 0, 1280), (3, 0, 0),
                                 (4, 1, 40))
        for n in (0, 39, 44, 56)]),
    "mld": frames(*[ip6(HOP, ext(ICMP6, b"\5\2\0\0\1\0") +
                        icmp(kind, 0, 0, raw("ff02::1:ff00:2")), hops=1,
                        src=LINK6, dst="ff02::1", mac=GROUP)
                    for kind in (130, 131, 132)],
                  ip6(ICMP6, icmp(130), src=LINK6, dst="ff02::1", mac=GROUP)),
    # Neighbour discovery
    "nd_solicit": frames(nd(135, OWN6, b"\1\1" + ROUTER),
                         nd(135, OWN6, src="::", dst="ff02::1:ff00:2",
                            mac=GROUP), nd(135, OWN6, hops=64)),
    "nd_lies": frames(nd(136, PEER6, b"\2\1" + b"\xff" * 6),
                      nd(136, OWN6, b"\2\1" + ROUTER),
                      nd(136, "ff02::1", b"\2\1" + ROUTER),
                      nd(135, OWN6, b"\1\1" + ROUTER, src=OWN6),
                      nd(137, PEER6, raw("2001:db8::1"), src=LINK6),
                      nd(136, PEER6, b"\2\1" + bytes(6), rest=0)),
    "nd_options": frames(*[
        nd(kind, OWN6, opts) for kind in (135, 136) for opts in
        (b"\1\0", b"\1", b"\1\xff" + bytes(6), b"\2\0" + bytes(6),
         b"\1\2" + bytes(6), b"\xff\1" + bytes(6), b"\1\1" + bytes(5))]),
    "nd_router": frames(
        router_adv(prefix() + b"\1\1" + ROUTER +
                   struct.pack("!BBHI", 5, 1, 0, 1400) +
                   struct.pack("!BBHI", 25, 3, 0, 600) + raw(LINK6)),
        router_adv(prefix(), 0)),
    "nd_router_lies": frames(
        *[router_adv(opts) for opts in
          (prefix(255), prefix(64, 0xc0, 1, 100), prefix(0), prefix(size=0),
           prefix(size=1), prefix()[:9], b"\5\1" + bytes(2) + b"\0\0\0\1",
           b"\5\1" + bytes(2) + b"\xff" * 4, b"\x19\3" + bytes(4),
           b"\x19\2" + bytes(14), b"\x19\1" + bytes(6), b"\1\0",
           b"\3\4" * 30)], router_adv(b"", hops=1), flags=MEND | WAIT),
}


def main():
    for name, data in SEEDS.items():
        with open(os.path.join(sys.argv[1], name), "wb") as out:
            out.write(data)


main()
