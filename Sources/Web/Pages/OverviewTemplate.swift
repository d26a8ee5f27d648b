enum OverviewTemplate {
    static let text = """
        <section class="situation {{tone}}" aria-labelledby="headline">
        <h1 id="headline">{{sentence}}</h1>
        {{#advice}}<p>{{advice}}</p>
        {{/advice}}{{#.percent}}<progress max="100" value="{{percent}}" aria-label="{{t.progress}}">{{percent}} %</progress>
        {{/.percent}}</section>
        {{^empty(mistakes)}}<section aria-labelledby="h-mistakes"><h2 id="h-mistakes">{{t.configurationMistakes}}</h2>
        <ul class="problems">{{#mistakes}}<li>{{#.place}}<code>{{place}}</code> {{/.place}}{{message}}{{#.hint}}<br><span class="hint">→ {{hint}}</span>{{/.hint}}</li>
        {{/mistakes}}</ul></section>
        {{/empty(mistakes)}}{{^empty(attention)}}<section aria-labelledby="h-attention"><h2 id="h-attention">{{t.attention}}</h2>
        <ul class="problems">{{#attention}}<li>{{#.address}}<a href="{{address}}">{{job}}</a>{{/.address}}{{^.address}}<strong>{{job}}</strong>{{/.address}}: {{message}}{{#.hint}}<br><span class="hint">→ {{hint}}</span>{{/.hint}}</li>
        {{/attention}}</ul></section>
        {{/empty(attention)}}<section aria-labelledby="h-services"><h2 id="h-services">{{t.services}}</h2>
        {{#empty(services)}}<p class="none">{{t.noServices}}</p>
        {{/empty(services)}}{{^empty(services)}}<ul class="cards">{{#services}}<li>
        <a class="title" href="{{address}}">{{name}}</a> <span class="state {{tone}}">{{state}}</span>
        <span class="facts">{{#facts}}<span>{{.}}</span> {{/facts}}</span>
        {{#.note}}<span class="note">{{note}}</span>
        {{/.note}}</li>
        {{/services}}</ul>{{/empty(services)}}</section>
        <section aria-labelledby="h-jobs"><h2 id="h-jobs">{{t.jobs}}</h2>
        {{#empty(jobs)}}<p class="none">{{t.noJobs}}</p>
        {{/empty(jobs)}}{{^empty(jobs)}}<ul class="cards">{{#jobs}}<li>
        <a class="title" href="{{address}}">{{name}}</a> <span class="state {{tone}}">{{state}}</span>
        {{{bars}}}<span class="facts">{{#facts}}<span>{{.}}</span> {{/facts}}</span>
        {{#.note}}<span class="note">{{note}}</span>
        {{/.note}}{{#.percent}}<progress max="100" value="{{percent}}" aria-label="{{t.progress}}">{{percent}} %</progress>
        {{/.percent}}{{#canRun}}{{#mark}}<form method="post" action="{{address}}/start"><input type="hidden" name="mark" value="{{mark}}"><button id="start-{{name}}" aria-label="{{t.runNow}}: {{name}}">{{t.runNow}}</button></form>
        {{/mark}}{{/canRun}}</li>
        {{/jobs}}</ul>{{/empty(jobs)}}
        {{#canPause}}{{#mark}}<form method="post" action="{{root}}{{pauseAction}}"><input type="hidden" name="mark" value="{{mark}}"><button class="quiet" id="pause-all">{{pauseWord}}</button></form>
        {{/mark}}{{/canPause}}</section>
        \(ActionTemplate.list)<section aria-labelledby="h-backups"><h2 id="h-backups">{{t.backups}}</h2>
        {{#backup}}<p><a href="{{address}}">{{job}}</a>: {{age}}<br><span class="small">{{summary}}</span></p>
        {{/backup}}{{^backup}}<p class="none">{{t.noBackups}}</p>
        {{/backup}}{{#drills}}<p class="small">{{t.drill}}: <time datetime="{{stamp}}">{{age}}</time> (<a href="{{address}}">{{job}}</a>)</p>
        {{/drills}}{{#space}}<p class="small">{{.}}</p>
        {{/space}}<p><a href="{{root}}backups">{{t.allBackups}}</a></p></section>
        <section aria-labelledby="h-next"><h2 id="h-next">{{t.upcoming}}</h2>
        {{#empty(fires)}}<p class="none">{{t.noneUpcoming}}</p>
        {{/empty(fires)}}{{^empty(fires)}}<ol class="times">{{#fires}}<li><time datetime="{{stamp}}">{{time}}</time> <a href="{{address}}">{{job}}</a> <span class="small">{{ahead}}</span></li>
        {{/fires}}</ol>{{/empty(fires)}}</section>
        <section aria-labelledby="h-visits"><h2 id="h-visits">{{t.lastVisits}}</h2>
        {{#empty(visits)}}<p class="none">{{t.noVisits}}</p>
        {{/empty(visits)}}{{^empty(visits)}}<ol class="times">{{#visits}}<li><time datetime="{{stamp}}">{{ago}}</time> <span class="small">{{agent}}</span></li>
        {{/visits}}</ol>{{/empty(visits)}}{{#lastOwn}}<p class="small">{{t.ownVisit}}: <time datetime="{{stamp}}">{{ago}}</time></p>
        {{/lastOwn}}</section>

        """
}
