"""Line charts as SVG text: logarithmic to the base 2 from left to right, linear upward."""
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 320, 72, 24, 40, 48
COLOURS = ("#1f5fa8", "#b3541e", "#6b6b6b", "#2e7d32")


class Chart:
    """One chart. x_values become the marks on the x axis; y goes from y_least to y_most."""

    def __init__(self, title, x_title, x_values, y_least, y_most):
        self.x_values, self.y_least, self.y_most = x_values, y_least, y_most
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
                      'font-family="sans-serif" font-size="12">',
                      f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>']
        self.text(WIDTH / 2, 22, title, "middle", 'font-size="14"')
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_title, "middle")
        for value in x_values:
            self.text(self.x(value), HEIGHT - BOTTOM + 18, str(value), "middle")
        for step in range(5):
            value = y_least + (y_most - y_least) * step / 4
            y = self.y(value)
            self.parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#dddddd"/>')
            self.text(LEFT - 8, y + 4, f"{value:g}", "end")

    def x(self, value):
        first, last = math.log2(self.x_values[0]), math.log2(self.x_values[-1])
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log2(value) - first) / (last - first)

    def y(self, value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - self.y_least) / (self.y_most - self.y_least)

    def text(self, x, y, text, anchor, more=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{text}</text>')

    def line(self, points, name, number, dashed=False):
        """A line through (x, y) points; its name stands at the right, above it."""
        path = "L".join(f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in points)
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(f'<path d="M{path}" fill="none" stroke="{COLOURS[number]}" stroke-width="2"{dash}/>')
        x, y = points[-1]
        self.text(self.x(x), self.y(y) - 6, name, "end", f'fill="{COLOURS[number]}"')

    def dot(self, x, y, number):
        self.parts.append(f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="3" fill="{COLOURS[number]}"/>')

    def __str__(self):
        return "\n".join([*self.parts, "</svg>", ""])


def setpd_chart(rows):
    """rows: the measured rows by key. What a switch between two known directories costs, by mapped pages."""
    pages = [16, 64, 256, 1024, 4096]
    points = [(count, rows[f"setpd_{count}"]["instructions"]) for count in pages]
    most = max(400, max(cost for _, cost in points) * 1.2)
    chart = Chart("hv_setpd, nothing changed: instructions", "pages mapped in each directory", pages, 0, most)
    chart.line([(16, 300), (4096, 300)], "never above", 1, True)
    chart.line([(16, 150), (4096, 150)], "goal", 3, True)
    chart.line(points, "measured", 0)
    for x, y in points:
        chart.dot(x, y, 0)
    return str(chart)


def scale_chart(scale):
    """scale: figures by KIND_COUNT. What one of so many guests costs, each kind in parts of what it is at ten."""
    counts = (1, 10, 100, 300, 1000)
    chart = Chart("One of N guests, in parts of what it costs at 10", "N", counts, 0, 2)
    for number, kind in enumerate(("memory", "launch", "tick")):
        points = [(count, scale[f"{kind}_{count}"] / scale[f"{kind}_10"]) for count in counts]
        chart.line(points, kind, number)
    looks = [(count, scale[f"look_{count}"] / 500_000) for count in counts]
    chart.line(looks, "a look, in parts of 500,000 instructions", 3)
    return str(chart)


def shares_chart(shares):
    """shares: by number of busy guests. Each guest's share of its 1/N."""
    counts = sorted(map(int, shares))
    chart = Chart("Share of each of N busy guests, in parts of 1/N", "N", counts, 0.94, 1.06)
    for most, name, number in ((0.03, "never above", 1), (0.01, "goal", 3)):
        for sign in (1, -1):
            label = name if sign > 0 else ""
            chart.line([(counts[0], 1 + sign * most), (counts[-1], 1 + sign * most)], label, number, True)
    for count in counts:
        for share in shares[str(count)]["shares"]:
            chart.dot(count, share, 0)
    return str(chart)
