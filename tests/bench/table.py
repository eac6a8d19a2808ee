# SPDX-License-Identifier: MIT
"""The table of make bench: medians, spreads and ratios from its figures.

    table.py FIGURES.tsv ENVIRONMENT

A line of FIGURES is: round, side (ours or kernel), measure.key, value. Targets
say how our figure stands to the kernel's: a rate should reach a share of it, a
latency should not exceed one.
"""
import statistics
import sys

# measure.key, label, unit, better, "at least" (a latency: at most), reach for
ROWS = [
    ("stream_out.gbps", "one stream, program to peer", "Gbit/s", ">", 1.0, 1.4),
    ("stream_in.gbps", "one stream, peer to program", "Gbit/s", ">", 0.6, 0.9),
    ("stream_in_reno.gbps", "  the same, the sender's control: reno", "Gbit/s",
     ">", 0.6, 0.9),
    ("rr1.tps", "64 B, one in flight, adaptive", "/s", ">", 1.0, 1.5),
    ("rr1.p50_us", "  median latency, adaptive", "us", "<", 0.75, 0.55),
    ("rr1.p99_us", "  99 % latency, adaptive", "us", "<", None, None),
    ("rr1_busy.tps", "64 B, one in flight, busy", "/s", ">", None, None),
    ("rr1_busy.p50_us", "  median latency, busy", "us", "<", None, None),
    ("rr1_busy.p99_us", "  99 % latency, busy", "us", "<", None, None),
    ("rr1_sleep.tps", "64 B, one in flight, sleep", "/s", ">", None, None),
    ("rr1_sleep.p50_us", "  median latency, sleep", "us", "<", None, None),
    ("rr64.tps", "64 B, 64 connections, adaptive", "/s", ">", 0.4, 0.6),
    ("rr64.p50_us", "  median latency, adaptive", "us", "<", None, None),
    ("rr64.p99_us", "  99 % latency, adaptive", "us", "<", None, None),
    ("redis1.get_rps", "redis GET, -c 50 -P 1", "/s", ">", 0.5, 0.65),
    ("redis1.set_rps", "redis SET, -c 50 -P 1", "/s", ">", 0.5, 0.65),
    ("redis1.get_p50_us", "  median latency, GET, adaptive", "us", "<", None,
     None),
    ("redis16.get_rps", "redis GET, -c 50 -P 16", "/s", ">", 0.6, 0.8),
    ("redis16.set_rps", "redis SET, -c 50 -P 16", "/s", ">", 0.6, 0.8),
    ("nginx_keep.rps", "nginx, wrk -c 64, keep-alive", "/s", ">", 0.5, 0.65),
    ("nginx_keep.p50_us", "  median latency, adaptive", "us", "<", None, None),
    ("nginx_keep.p99_us", "  99 % latency, adaptive", "us", "<", None, None),
    ("nginx_cork.rps", "  the same with tcp_nopush", "/s", ">", None, None),
    ("nginx_close.rps", "nginx, a connection a request", "/s", ">", 0.45, 0.65),
    ("nginx_close.p50_us", "  median latency, adaptive", "us", "<", None, None),
]
IDLE = [
    ("idle.permille", "10,000 idle: CPU of the service", "/1000 core", 10),
    ("idle.bytes", "10,000 idle: memory a connection", "bytes", 16384),
]


def read_figures(path):
    """{(measure.key, side): {round: value}}"""
    figures = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            number, side, key, value = line.rstrip("\n").split("\t")
            figures.setdefault((key, side), {})[number] = float(value)
    return figures


def short(value):
    if value >= 1e6:
        return f"{value / 1e6:.3f}M"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values):
    return f"{short(statistics.median(values)):>9} " + \
        f"{'(' + short(min(values)) + ' - ' + short(max(values)) + ')':<20}"


def verdict(ratio, better, least, reach):
    if least is None:
        return ""
    def holds(target):
        return ratio >= target if better == ">" else ratio <= target
    return "reached" if holds(reach) else "ok" if holds(least) else "MISSED"


def cores(figures, measure, side, what):
    return statistics.median(figures[measure + what, side].values())


def print_row(figures, row):
    key, label, unit, better, least, reach = row
    ours, kernel = figures.get((key, "ours")), figures.get((key, "kernel"))
    if not ours or not kernel:
        return
    ratios = [ours[n] / kernel[n] for n in ours if kernel.get(n)]
    ratio = statistics.median(ratios)
    targets = f"{least:>5} {reach:>5}" if least is not None else " " * 11
    line = f"{label:<32}{unit:>7} {spread(ours.values())}" \
        f"{spread(kernel.values())} {ratio:5.2f} " \
        f"{f'({min(ratios):.2f}-{max(ratios):.2f})':<12} {targets} " \
        f"{verdict(ratio, better, least, reach):<8}"
    if not label.startswith(" "):
        measure = key.split(".")[0]
        line += f"{cores(figures, measure, 'ours', '.cores'):5.2f}" \
            f"{cores(figures, measure, 'ours', '.own'):6.2f}" \
            f"{cores(figures, measure, 'kernel', '.cores'):7.2f}"
    print(line.rstrip())


def main():
    figures = read_figures(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as lines:
        for line in lines:
            name, value = line.rstrip("\n").split("\t")
            print(f"{name:<14}{value}")
    print(f"\n{'measure':<32}{'':>7} {'netcond, tap: median (range)':<30}"
          f"{'kernel, veth: median (range)':<30} ratio (range)      "
          f"{'least':>5} {'reach':>5}          cores netcond kernel")
    for row in ROWS:
        print_row(figures, row)
    for key, label, unit, most in IDLE:
        for value in figures.get((key, "ours"), {}).values():
            print(f"{label:<32}{unit:>10} {short(value):>9}  under {most:,}: "
                  f"{'ok' if value < most else 'MISSED'}")
    stolen = max((max(v.values()) for (k, _), v in figures.items()
                  if k.endswith(".stolen")), default=0)
    print("\nratio: ours to the kernel's; for latencies less is better, and "
          "'least' is the most allowed.\ncores: busy on the whole machine "
          "meanwhile, client included; netcond: of these, the service's own.\n"
          "adaptive, busy, sleep: netcond's --poll; the kernel's stack has "
          "interrupts and idle states only.\n"
          f"The host took at most {stolen:.2f} cores away during one command.")


main()
