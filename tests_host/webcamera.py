"""Pictures of a page in a browser, and a look for what is hard to read or to hit.

Kept in build/screenshots.
"""

from pins import ROOT

SHOTS = ROOT / "build" / "screenshots"

# Text whose contrast with what is behind it is below the 4.5 of WCAG 2.1 AA, and targets that a
# finger misses.
_FAULTS = """() => {
  const faults = [];
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  for (const element of document.querySelectorAll('body *')) {
    const box = element.getBoundingClientRect(), style = getComputedStyle(element);
    if (!box.width || style.visibility === 'hidden' || element.disabled) continue;
    if (element.matches('button, select') && box.height < 40)
      faults.push(`${element.id || element.textContent} is ${box.height} px high`);
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own) continue;
    let behind = element, color;
    do {
      color = numbers(getComputedStyle(behind).backgroundColor);
      behind = behind.parentElement;
    } while (behind && color.length === 4 && color[3] === 0);
    const a = light(numbers(style.color)), b = light(color);
    const card = element.closest('.card')?.getBoundingClientRect();
    if (card && box.right > card.right + 1) faults.push(`${element.textContent} leaves its card`);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faults.push(`${element.textContent.trim()}: contrast ${contrast}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push('the page is too wide');
  return faults;
}"""


class Camera:
    """Takes a picture of each step, and looks for what is hard to read or to hit."""

    def __init__(self, page, look):
        self.page = page
        self.look = look
        self.number = 0

    def take(self, name):
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.number += 1
        self.page.screenshot(path=SHOTS / f"{self.look}-{self.number}-{name}.png")
        assert self.page.evaluate(_FAULTS) == []
