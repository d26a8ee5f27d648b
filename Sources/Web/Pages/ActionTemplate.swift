enum ActionTemplate {
    /// The form of one action, within its values.
    static let form = """
        {{#mark}}{{#canRun}}<form class="typed line" method="post" action="{{form}}"><input type="hidden" name="mark" value="{{mark}}">
        {{#argument}}<label for="a-{{name}}">{{argument}}</label>
        <input id="a-{{name}}" name="argument" autocomplete="off" autocapitalize="off" spellcheck="false" required maxlength="200">
        {{/argument}}<button id="run-{{name}}" aria-label="{{t.runAction}}: {{label}}">{{t.runAction}}</button></form>
        {{/canRun}}{{/mark}}
        """

    static let list = """
        {{^empty(actions)}}<section aria-labelledby="h-actions"><h2 id="h-actions">{{t.actions}}</h2>
        <ul class="cards">{{#actions}}<li>
        <a class="title" href="{{address}}">{{label}}</a>{{#.state}} <span class="state {{tone}}">{{state}}</span>{{/.state}}
        {{#.note}}<span class="note">{{note}}</span>
        {{/.note}}\(form)</li>
        {{/actions}}</ul></section>
        {{/empty(actions)}}
        """

    static let text = """
        <h1 id="headline">{{label}}{{#.state}} <span class="state {{tone}}">{{state}}</span>{{/.state}}</h1>
        {{#.note}}<p class="hint">{{note}}</p>
        {{/.note}}\(form)
        {{^hasRun}}<p class="none">{{t.actionNotRun}}</p>
        {{/hasRun}}{{#hasRun}}<dl>{{#facts}}<div><dt>{{name}}</dt><dd>{{value}}</dd></div>
        {{/facts}}</dl>
        {{#.outcome}}<p><span class="state {{outcomeTone}}">{{outcome}}</span>{{#.message}} {{message}}{{/.message}}</p>
        <section aria-labelledby="h-log"><h2 id="h-log">{{t.output}}</h2>
        {{#isCut}}<p class="small">{{t.outputIsCut}}</p>
        {{/isCut}}{{#empty(lines)}}<p class="none">{{t.outputEmpty}}</p>
        {{/empty(lines)}}{{^empty(lines)}}<div id="log" class="log" role="log" tabindex="0" aria-label="{{t.output}}">{{#lines}}<div><bdi>{{{.}}}</bdi></div>
        {{/lines}}</div>
        {{/empty(lines)}}</section>
        {{/.outcome}}{{/hasRun}}
        """
}
