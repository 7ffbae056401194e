package io.firn.deploy.bench;

import java.util.List;

/** A peer whose job is a main class of ours in {@code deploy/bench/MODULE}. */
final class MainContender extends PeerContender {
    private final String main;
    private final List<String> opens;

    MainContender(String name, String module, String main, List<String> opens) {
        super(name, module);
        this.main = main;
        this.opens = opens;
    }

    @Override
    List<String> opens() {
        return opens;
    }

    @Override
    List<String> main(Run run) {
        return List.of(
                main,
                "stream",
                run.directory().toString(),
                run.bootstrap(),
                run.topic(),
                run.shape().topic(),
                Integer.toString(run.commitSeconds()),
                run.lake().properties().getOrDefault("uri", ""));
    }
}
