enum JobTemplate {
    static let text = """
        <h1 id="headline">{{name}} <span class="state {{tone}}">{{state}}</span></h1>
        <p class="facts">{{#facts}}<span>{{.}}</span> {{/facts}}</p>
        {{#.percent}}<progress max="100" value="{{percent}}" aria-label="{{t.progress}}">{{percent}} %</progress>
        {{/.percent}}{{#progress}}<p class="small">{{progress}}</p>
        {{/progress}}{{{bars}}}
        {{#mark}}<div class="actions" role="group" aria-label="{{name}}">
        {{#plain}}<form method="post" action="{{action}}"><input type="hidden" name="mark" value="{{mark}}"><button id="{{id}}"{{#isMain}} class="main"{{/isMain}}>{{word}}</button></form>
        {{/plain}}{{#guarded}}<details id="d-{{id}}"><summary>{{word}}</summary><form method="post" action="{{action}}"><input type="hidden" name="mark" value="{{mark}}"><button id="{{id}}" class="danger">{{confirm}}</button></form></details>
        {{/guarded}}</div>
        {{/mark}}{{^empty(attention)}}<section aria-labelledby="h-attention"><h2 id="h-attention">{{t.attention}}</h2>
        <ul class="problems">{{#attention}}<li>{{message}}{{#.hint}}<br><span class="hint">→ {{hint}}</span>{{/.hint}}</li>
        {{/attention}}</ul></section>
        {{/empty(attention)}}<section aria-labelledby="h-why"><h2 id="h-why">{{t.why}}</h2>
        <ul class="why">{{#why}}<li>{{#.label}}<span class="small">{{label}}: </span>{{/.label}}{{text}}</li>
        {{/why}}</ul></section>
        {{^empty(checks)}}<section aria-labelledby="h-checks"><h2 id="h-checks">{{t.checks}}</h2>
        <ul class="why">{{#checks}}<li><span class="state {{tone}}">{{kind}}</span> <code>{{target}}</code>{{#.message}}: {{message}}{{/.message}} <span class="small">{{ago}}</span></li>
        {{/checks}}</ul></section>
        {{/empty(checks)}}{{^empty(fires)}}<section aria-labelledby="h-next"><h2 id="h-next">{{t.schedule}}</h2>
        <ol class="times">{{#fires}}<li><time datetime="{{stamp}}">{{time}}</time> <span class="small">{{ahead}} · {{schedule}}</span></li>
        {{/fires}}</ol></section>
        {{/empty(fires)}}<section aria-labelledby="h-runs"><h2 id="h-runs">{{t.lastRuns}}</h2>
        {{^empty(runs)}}<div class="wide"><table class="runs" role="table"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">{{t.run}}</th><th role="columnheader" scope="col">{{t.outcome}}</th>\
        <th role="columnheader" scope="col">{{t.when}}</th><th role="columnheader" scope="col">{{t.took}}</th><th role="columnheader" scope="col">{{t.what}}</th></tr></thead>
        <tbody role="rowgroup">{{#runs}}<tr role="row"><th role="rowheader" scope="row"><a href="{{address}}">{{id}}</a></th><td role="cell"><span class="state {{tone}}">{{state}}</span></td>\
        <td role="cell"><time datetime="{{stamp}}">{{time}}</time></td><td role="cell">{{took}}</td><td role="cell" class="text">{{text}}</td></tr>
        {{/runs}}</tbody></table></div>
        {{/empty(runs)}}</section>

        """
}
