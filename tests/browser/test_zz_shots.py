import sys, os
from tests.browser.conftest import Served
def test_shots(served: Served):
    pages = os.environ["SHOTS"].split()
    for spec in pages:
        key, _, path = spec.partition(":")
        for width in (1280, 390):
            c = served.look(key, width)
            p = c.new_page()
            p.on("console", lambda m: print(spec, m.text))
            r = p.goto(path)
            print(spec, width, r.status, p.evaluate("document.documentElement.scrollWidth"))
            p.screenshot(path=f"/tmp/shots/{(path.strip('/').replace('/','_') or 'root').split('?')[0]}-{width}.png", full_page=True)
            c.close()
