package io.firn.deploy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Clock;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What each command says of itself. */
class HelpTest {
    /** The first line of one; usage and descriptions are indented further. */
    private static final String OPTION = " {2,6}-.*";

    /** As the help lists them, those of a command after it: one that is added is tested. */
    static Stream<String> commands() {
        return listed("--help")
                .flatMap(command -> Stream.concat(
                        Stream.of(command), listed(command, "--help").map(each -> command + " " + each)));
    }

    private static Stream<String> listed(String... arguments) {
        return help(arguments)
                .lines()
                .dropWhile(line -> !line.startsWith("Commands:"))
                .skip(1)
                .takeWhile(line -> !line.isBlank() && !line.equals("Exit codes:"))
                .filter(line -> line.matches("  \\S.*"))
                .map(line -> line.strip().split(" ", 2)[0]);
    }

    @Test
    void the_root_lists_every_command_and_the_exit_codes() {
        assertThat(commands())
                .contains(
                        "run",
                        "check",
                        "status",
                        "pause",
                        "resume",
                        "ledger",
                        "audit",
                        "compact",
                        "rebuild",
                        "quickstart",
                        "backfill",
                        "backfill start");
        assertThat(help("--help")).contains("Exit codes: 0 done, 1 failed, 2 wrong usage", "COMMAND --help");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void each_command_says_what_it_does_and_what_each_exit_code_means(String command) {
        String help = help((command + " --help").split(" "));
        assertThat(help).contains("Usage: firn " + command);
        List<String> codes = help.lines()
                .dropWhile(line -> !line.equals("Exit codes:"))
                .skip(1)
                .filter(line -> line.matches("  \\d .*"))
                .toList();
        assertThat(codes).hasSizeGreaterThanOrEqualTo(3).allSatisfy(code -> assertThat(code)
                .matches("  [0-4]   \\S.{3,}"));
        for (int code = 0; code < codes.size(); code++) {
            assertThat(codes.get(code)).startsWith("  " + code);
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    void each_option_of_a_command_says_its_default_or_that_it_is_required(String command) {
        String options = help((command + " --help").split(" "))
                .lines()
                .dropWhile(line -> !line.matches(OPTION))
                .takeWhile(line -> !line.isBlank())
                .reduce("", (text, line) -> text + (line.matches(OPTION) ? "\n" : " ") + line.strip());
        List<String> each = options.strip().lines().toList();
        assertThat(each).isNotEmpty();
        assertThat(each)
                .filteredOn(option -> !option.startsWith("-h, --help") && !option.startsWith("-V, --version"))
                .allSatisfy(option -> assertThat(option).containsAnyOf("Default: ", "Required."));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void the_help_keeps_to_eighty_columns(String command) {
        assertThat(help((command + " --help").split(" ")).lines()).allMatch(line -> line.length() <= 80);
    }

    static String help(String... arguments) {
        StringWriter out = new StringWriter();
        Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
        int code = FirnCommand.run(
                assembly, new StopRequest(), new PrintWriter(out, true), new PrintWriter(out, true), arguments);
        assertThat(code).as(out.toString()).isZero();
        return out.toString();
    }
}
