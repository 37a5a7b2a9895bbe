import sys, os
from tests.browser.conftest import Served
def test_shots(served: Served):
    for spec in os.environ["SHOTS"].split():
        key, _, path = spec.partition(":")
        for width in (1280, 390):
            c = served.look(key, width)
            p = c.new_page()
            p.on("console", lambda m: print(spec, m.text))
            r = p.goto(path)
            if os.environ.get("OPEN"): p.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            print(spec, width, r.status, p.evaluate("document.documentElement.scrollWidth"))
            name = f"/tmp/shots/{(path.strip('/').replace('/','_') or 'root').split('?')[0]}-{width}"
            p.screenshot(path=name + ".png", full_page=True)
            if width == 390:
                h = p.evaluate("document.documentElement.scrollHeight")
                # side by side columns of 1600px
                q = c.new_page(); q.set_viewport_size({"width": 400 * (h // 1600 + 1), "height": 1600})
                import base64
                data = base64.b64encode(__import__("pathlib").Path(name + ".png").read_bytes()).decode()
                q.set_content("<body style='margin:0;display:flex;gap:10px;background:#888'>" + "".join(f"<div style='width:390px;height:1600px;background:url(data:image/png;base64,{data}) 0 -{i*1600}px no-repeat'></div>" for i in range(h // 1600 + 1)))
                q.screenshot(path=name + "-cols.png")
            c.close()
