/// The style sheet: first for a phone, then for more room; light and dark.
enum PageStyle {
    static let text = """
        :root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#f6f7f9;--card:#fff;--line:#d5dae0;--link:#0b57d0;--good:#166b34;--goodbg:#e3f4e8;--busy:#0b57d0;--busybg:#e5eefc;--bad:#b3261e;--badbg:#fdeceb;--idle:#57606a;--idlebg:#eceff2;--log:#fbfbfc}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--soft:#a2abb5;--paper:#14171a;--card:#1d2125;--line:#343a41;--link:#8ab4f8;--good:#7bd89a;--goodbg:#16311f;--busy:#8ab4f8;--busybg:#1b2a42;--bad:#ff9d94;--badbg:#3d1a18;--idle:#a2abb5;--idlebg:#2a2f35;--log:#101316}}
        *{box-sizing:border-box}
        body{margin:0;font:1rem/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:anywhere}
        a{color:var(--link);text-underline-offset:.15em}
        :focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:4px}
        .skip{position:absolute;left:-99rem}
        .skip:focus{left:.5rem;top:.5rem;background:var(--card);padding:.5rem;z-index:1}
        .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);margin:0}
        header,main,footer{max-width:60rem;margin:0 auto;padding:0 1rem}
        header{display:flex;justify-content:space-between;align-items:center;gap:1rem;min-height:3.5rem}
        nav,.tools{display:flex;align-items:center;gap:1.1rem;min-width:0}
        nav a,.tools a{padding:.6rem 0;white-space:nowrap}
        .name{font-weight:650;color:inherit;text-decoration:none;overflow:hidden;text-overflow:ellipsis}
        main{padding-bottom:1rem}
        footer{color:var(--soft);font-size:.875rem;padding-bottom:2rem}
        h1{font-size:1.375rem;line-height:1.3;margin:1rem 0 .5rem}
        h2{font-size:1.0625rem;margin:1.75rem 0 .5rem}
        p{margin:.4rem 0}
        code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
        ul,ol{margin:0;padding:0;list-style:none}
        .small,.hint,.note,.facts,.none,dt{color:var(--soft);font-size:.9375rem}
        .situation{background:var(--busybg);border-inline-start:.3rem solid var(--busy);border-radius:.5rem;padding:.8rem 1rem}
        .situation h1{margin:0}
        .situation.good{background:var(--goodbg);border-color:var(--good)}
        .situation.bad{background:var(--badbg);border-color:var(--bad)}
        .cards{display:grid;gap:.6rem}
        .cards li{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.7rem .9rem;display:flex;flex-wrap:wrap;align-items:center;gap:.3rem .7rem}
        .title{font-weight:600}
        .facts span:not(:last-child)::after{content:" ·"}
        .facts,.note,.cards progress,.cards details{flex-basis:100%}
        .state{font-size:.875rem;font-weight:600;white-space:nowrap;border-radius:1rem;padding:.1rem .6rem;color:var(--idle);background:var(--idlebg)}
        .state::before{content:"○ "}
        .state.good{color:var(--good);background:var(--goodbg)}.state.good::before{content:"✓ "}
        .state.busy{color:var(--busy);background:var(--busybg)}.state.busy::before{content:"◐ "}
        .state.bad{color:var(--bad);background:var(--badbg)}.state.bad::before{content:"✕ "}
        .problems li,.problem{background:var(--badbg);border-inline-start:.3rem solid var(--bad);border-radius:.4rem;padding:.5rem .8rem;margin:.4rem 0}
        .problems .hint{color:inherit}
        .why li{padding:.2rem 0}
        .times li{padding:.3rem 0;display:flex;flex-wrap:wrap;gap:.1rem .7rem;border-bottom:1px solid var(--line)}
        .times time,td time,.log time{font-variant-numeric:tabular-nums;white-space:nowrap}
        .bars{display:block;max-width:100%}
        .bars .good{fill:var(--good)}.bars .busy{fill:var(--busy)}.bars .bad{fill:var(--bad)}.bars .idle{fill:var(--idle)}
        .bars .line{fill:none;stroke-width:1.5}.bars .line.busy{stroke:var(--busy)}.bars .line.bad{stroke:var(--bad)}.bars .line.idle{stroke:var(--idle)}
        .cards>li>form{margin-inline-start:auto}
        .cards>li>.facts:not(:last-child){flex:1 1 10rem}
        .actions{display:flex;flex-wrap:wrap;gap:.6rem;margin:1rem 0;align-items:flex-start}
        button,summary{font:inherit;min-height:2.75rem;padding:.45rem 1rem;border:1px solid var(--line);border-radius:.5rem;background:var(--card);color:var(--ink);cursor:pointer}
        summary{display:inline-block}
        summary::-webkit-details-marker{display:none}
        button:hover,summary:hover{border-color:var(--link)}
        button.main{background:var(--link);border-color:var(--link);color:var(--card);font-weight:600}
        button.danger{color:var(--bad);border-color:var(--bad)}
        button.quiet{border-color:transparent;background:none;color:var(--link);text-decoration:underline;text-underline-offset:.15em;padding-inline:0}
        details form{margin-top:.5rem}
        .login,.typed{display:grid;gap:.5rem;max-width:24rem}
        .line{grid-template-columns:1fr auto;justify-items:start}
        .line label{grid-column:1/-1}
        input{font:inherit;min-height:2.75rem;padding:.4rem .7rem;border:1px solid var(--soft);border-radius:.5rem;background:var(--card);color:var(--ink);width:100%}
        progress{width:100%;height:.75rem;accent-color:var(--busy)}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:.9375rem}
        th,td{text-align:start;padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}
        td.text{white-space:normal;min-width:14rem}
        dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:.5rem 1rem;margin:.8rem 0}
        dd{margin:0}
        .log{background:var(--log);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .7rem;max-height:70vh;overflow:auto;font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
        .log div{white-space:pre-wrap}
        .log time{color:var(--soft);margin-inline-end:.8em;user-select:none}
        .log .own{color:var(--soft)}
        .log .err{border-inline-start:2px solid var(--bad);padding-inline-start:.4rem}
        .bo{font-weight:700}.fa{opacity:.75}.it{font-style:italic}.un{text-decoration:underline}
        .f0,.f8{color:var(--soft)}.f1,.f9{color:var(--bad)}.f2,.f10{color:var(--good)}.f3,.f11{color:#8a5a00}.f4,.f12{color:var(--link)}.f5,.f13{color:#8a3fa0}.f6,.f14{color:#00708a}.f7,.f15{color:inherit}
        .g0,.g8{background:var(--idlebg)}.g1,.g9{background:var(--badbg)}.g2,.g10{background:var(--goodbg)}.g3,.g11{background:#fff3cd;color:#5f4200}.g4,.g12{background:var(--busybg)}.g5,.g13{background:#f3e4f8;color:#5f2373}.g6,.g14{background:#dff3f7;color:#064f60}.g7,.g15{background:var(--line)}
        @media(prefers-color-scheme:dark){.f3,.f11{color:#e6c06a}.f5,.f13{color:#dca6ef}.f6,.f14{color:#7fd3e6}}
        @media(max-width:35rem){.runs thead{position:absolute;clip-path:inset(50%)}.runs tr{display:flex;flex-wrap:wrap;gap:.1rem .8rem;padding:.45rem 0;border-bottom:1px solid var(--line)}.runs td,.runs th{border:0;padding:0}.runs .text{flex-basis:100%;min-width:0;color:var(--soft)}.runs td:nth-child(4){margin-inline-start:auto}}
        @media(min-width:48rem){.facts,.note{flex-basis:auto}.cards li{gap:.3rem 1rem}.log{max-height:75vh}}

        """
}
