/// Those without data of jobs.
enum PlainTemplates {
    static let waiting = """
        <!doctype html>
        <html lang="{{lang}}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        {{#seconds}}<meta http-equiv="refresh" content="{{seconds}}">
        {{/seconds}}<title>{{sentence}}</title>
        <style>{{{style}}}</style>
        </head>
        <body>
        <main>
        <h1>{{sentence}}</h1>
        {{#percent}}<p><progress max="100" value="{{percent}}" aria-label="{{sentence}}">{{percent}} %</progress></p>
        {{/percent}}{{#advice}}<p>{{advice}}</p>
        {{/advice}}{{#seconds}}<p>{{reload}}</p>
        {{/seconds}}{{#link}}<p><a href="{{root}}">{{link}}</a></p>
        {{/link}}        </main>
        </body>
        </html>

        """

    /// Around all other pages. `main` is a page that was made from its own template.
    static let frame = """
        <!doctype html>
        <html lang="{{lang}}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)">
        <meta name="theme-color" content="#14171a" media="(prefers-color-scheme: dark)">
        {{#refresh}}<noscript><meta http-equiv="refresh" content="{{refresh}}"></noscript>
        {{/refresh}}<title>{{title}}</title>
        <link rel="stylesheet" href="{{root}}assets/page.css?v={{assets}}">
        <link rel="icon" href="{{root}}assets/icon.svg?v={{assets}}">
        <link rel="manifest" href="{{root}}manifest.webmanifest">
        <script src="{{root}}assets/page.js?v={{assets}}" defer></script>
        </head>
        <body>
        <a class="skip" href="#main">{{t.skip}}</a>
        <header>
        <nav aria-label="{{name}}"><a class="name" href="{{root}}">{{name}}</a>{{#mayRead}}<a href="{{root}}backups">{{t.backups}}</a>{{/mayRead}}</nav>
        <div class="tools"><a href="{{root}}language?to={{otherLang}}&amp;back={{here}}" lang="{{otherLang}}" hreflang="{{otherLang}}">{{t.otherLanguage}}</a>
        {{#mark}}<form method="post" action="{{root}}logout"><input type="hidden" name="mark" value="{{mark}}"><button class="quiet">{{t.logOut}}</button></form>{{/mark}}</div>
        </header>
        <main id="main"{{#live}} data-live="{{live}}" data-root="{{root}}" data-run="{{liveRun}}"{{/live}}>
        {{{main}}}</main>
        <p id="said" class="unseen" role="status"></p>
        <footer>
        {{#isOpen}}<p><strong>{{t.readOnly}}.</strong> {{t.readOnlyHelp}}</p>
        {{/isOpen}}<p>shipkeeper {{version}}{{#up}} · {{t.up}} {{up}}{{/up}}</p>
        </footer>
        </body>
        </html>

        """

    static let login = """
        <h1>{{t.logIn}}</h1>
        {{#problem}}<p class="problem" role="alert">{{problem}}</p>
        {{/problem}}<form class="login" method="post" action="{{root}}login">
        <input type="hidden" name="to" value="{{here}}">
        <input name="username" autocomplete="username" value="shipkeeper" hidden>
        <label for="token">{{t.token}}</label>
        <input id="token" name="token" type="password" autocomplete="current-password" required{{#focus}} autofocus{{/focus}} aria-describedby="token-help">
        <p id="token-help" class="small">{{t.tokenHelp}}</p>
        <button class="main">{{t.logIn}}</button>
        </form>

        """

    static let message = """
        <h1>{{title}}</h1>
        {{#text}}<p>{{text}}</p>
        {{/text}}<p><a href="{{back}}">{{t.back}}</a></p>

        """
}
