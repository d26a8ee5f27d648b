enum BackupsTemplate {
    static let backups = """
        <h1 id="headline">{{t.backups}}</h1>
        {{#empty(repositories)}}<p class="none">{{t.noBackups}}</p>
        {{/empty(repositories)}}{{#repositories}}<section><h2>{{name}}</h2>
        {{#.problem}}<p class="problem">{{problem}}</p>
        {{/.problem}}{{^.problem}}{{#empty(backups)}}<p class="none">{{t.noBackups}}</p>
        {{/empty(backups)}}{{/.problem}}{{^empty(backups)}}<ul class="cards">{{#backups}}<li>
        <span class="title"><code>{{short}}</code></span> <time datetime="{{stamp}}">{{time}}</time> <span class="facts">{{#facts}}<span>{{.}}</span> {{/facts}}</span>
        {{#.damage}}<span class="note">{{t.damaged}}: {{damage}}</span>
        {{/.damage}}{{#mark}}<a href="{{archive}}" download aria-label="{{t.download}} {{short}}">{{t.download}}</a>
        <details id="d-{{id}}"><summary>{{t.restore}}</summary>
        <form class="typed" method="post" action="{{root}}restore"><input type="hidden" name="mark" value="{{mark}}"><input type="hidden" name="at" value="{{id}}"><input type="hidden" name="repository" value="{{repository}}">
        <label for="c-{{id}}">{{t.restoreHelp}} <code>{{short}}</code></label>
        <input id="c-{{id}}" name="confirm" autocomplete="off" autocapitalize="off" spellcheck="false" required aria-label="{{t.confirm}} {{short}}">
        <button class="danger">{{t.restoreNow}}</button></form></details>
        {{/mark}}</li>
        {{/backups}}</ul>{{/empty(backups)}}</section>
        {{/repositories}}
        """

    static let restoring = """
        <h1 id="headline">{{t.restoreState}} <span class="state {{tone}}">{{state}}</span></h1>
        {{#.percent}}<progress max="100" value="{{percent}}" aria-label="{{t.progress}}">{{percent}} %</progress>
        {{/.percent}}{{#progress}}<p class="small">{{progress}}</p>
        {{/progress}}<ol class="why">{{#lines}}<li>{{.}}</li>
        {{/lines}}</ol>
        <p><a href="{{root}}backups">{{t.backups}}</a></p>

        """
}
