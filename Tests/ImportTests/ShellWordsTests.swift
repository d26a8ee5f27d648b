import Testing

@testable import Import

@Suite("lines as a shell takes them apart")
struct ShellWordsTests {
    @Test(
        "words",
        arguments: zip(
            ["a b  c", "a 'b c' \"d e\"", "a\\ b", "''", "\"a\\\"b\" \"c\\d\"", ""],
            [["a", "b", "c"], ["a", "b c", "d e"], ["a b"], [""], ["a\"b", "c\\d"], []]))
    func words(line: String, expected: [String]) { #expect(ShellWords.split(line) == expected) }

    @Test("a quote that is not closed", arguments: ["a 'b", "a \"b", "a\\"])
    func open(line: String) { #expect(ShellWords.split(line) == nil) }

    @Test(
        "the name of a program",
        arguments: zip(
            [
                "/usr/local/bin/backup.sh --all", "cd /app && python3 manage.py sync", "bash -c 'x'", "env A=1 nice -n 5 certbot renew",
                "test -x /a || run-parts /b",
                "/usr/bin/php /var/www/cron.php",
            ], ["backup", "manage", "x", "certbot", "a", "cron"]))
    func names(line: String, name: String) { #expect(ShellWords.programName(line) == name) }
}
