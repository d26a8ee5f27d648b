enum RunTemplate {
    static let text = """
        <h1 id="headline"><a href="{{jobAddress}}">{{job}}</a>, {{t.run}} {{id}} <span class="state {{tone}}">{{state}}</span></h1>
        {{#.percent}}<progress max="100" value="{{percent}}" aria-label="{{t.progress}}">{{percent}} %</progress>
        {{/.percent}}{{#progress}}<p class="small">{{progress}}</p>
        {{/progress}}{{#text}}<p>{{text}}</p>
        {{/text}}{{#.hint}}<p class="hint">→ {{hint}}</p>
        {{/.hint}}<dl>{{#facts}}<div><dt>{{name}}</dt><dd>{{value}}</dd></div>
        {{/facts}}</dl>
        {{#mark}}{{#canStop}}<div class="actions"><details id="d-stop"><summary>{{t.stop}}</summary><form method="post" action="{{jobAddress}}/stop"><input type="hidden" name="mark" value="{{mark}}"><button id="stop" class="danger">{{t.stopNow}}</button></form></details></div>
        {{/canStop}}{{/mark}}{{^empty(attempts)}}<section aria-labelledby="h-attempts"><h2 id="h-attempts">{{t.attempts}}</h2>
        <div class="wide"><table><thead><tr><th scope="col">{{t.attempt}}</th><th scope="col">{{t.when}}</th><th scope="col">{{t.took}}</th><th scope="col">{{t.exitCode}}</th><th scope="col">{{t.result}}</th></tr></thead>
        <tbody>{{#attempts}}<tr><th scope="row">{{number}}</th><td><time datetime="{{stamp}}">{{time}}</time></td><td>{{took}}</td><td>{{exitCode}}</td><td class="text">{{result}}</td></tr>
        {{/attempts}}</tbody></table></div></section>
        {{/empty(attempts)}}{{^empty(why)}}<section aria-labelledby="h-why"><h2 id="h-why">{{t.why}}</h2>
        <ul class="why">{{#why}}<li>{{#.label}}<span class="small">{{label}}: </span>{{/.label}}{{text}}</li>
        {{/why}}</ul></section>
        {{/empty(why)}}<section aria-labelledby="h-log"><h2 id="h-log">{{t.log}}</h2>
        {{#hasLog}}{{#empty(lines)}}<p class="none">{{t.logEmpty}}</p>
        {{/empty(lines)}}{{^empty(lines)}}<div id="log" class="log" role="log" tabindex="0" aria-label="{{t.log}}">{{#lines}}<div{{#.kind}} class="{{kind}}"{{/.kind}}>{{#.at}}<time>{{at}}</time>{{/.at}}<bdi>{{{text}}}</bdi></div>
        {{/lines}}</div>
        {{/empty(lines)}}<p class="small">{{#places}}<a href="{{address}}">{{word}}</a> {{/places}}</p>
        {{/hasLog}}{{^hasLog}}<p class="none">{{t.logHidden}}</p>
        {{/hasLog}}</section>

        """
}
