/// The script: fetches the page again when something has changed. Without it the page can be read as well.
enum PageScript {
    static let text = """
        (() => {
          'use strict';
          const main = document.querySelector('main[data-live]');
          if (!main) return;
          const log = () => document.getElementById('log');
          const end = (e) => e.scrollHeight - e.scrollTop - e.clientHeight < 8;
          const pause = (ms) => new Promise((done) => setTimeout(done, ms));
          const seen = () => document.hidden
            ? new Promise((done) => document.addEventListener('visibilitychange', done, { once: true })) : null;
          const busy = () => document.activeElement && document.activeElement.matches('main input');
          if (log()) log().scrollTop = log().scrollHeight;

          async function renew() {
            const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
            if (answer.status === 401) return location.reload();
            const next = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main[data-live]');
            if (!answer.ok || !next || busy()) return;
            const open = [...main.querySelectorAll('details[open]')].map((e) => e.id);
            const focus = document.activeElement && document.activeElement.id;
            const old = log(), top = old && old.scrollTop, wasEnd = old && end(old);
            const said = main.querySelector('#headline').textContent.trim();
            main.replaceChildren(...next.childNodes);
            main.dataset.live = next.dataset.live;
            for (const id of open) { const e = document.getElementById(id); if (e) e.open = true; }
            if (focus && document.getElementById(focus)) document.getElementById(focus).focus();
            if (log()) log().scrollTop = wasEnd ? log().scrollHeight : top || 0;
            const now = main.querySelector('#headline').textContent.trim();
            if (now !== said) document.getElementById('said').textContent = now;
          }

          async function follow() {
            for (;;) {
              await seen();
              if (busy()) { await pause(1000); continue; }
              try {
                const { live, root, run } = main.dataset;
                const answer = await fetch(root + 'live?after=' + live + '&run=' + run);
                if (answer.ok) { await renew(); await pause(700); } else await pause(5000);
              } catch { await pause(3000); }
            }
          }
          follow();
        })();

        """
}
