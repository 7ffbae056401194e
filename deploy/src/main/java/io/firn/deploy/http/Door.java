package io.firn.deploy.http;

import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stands before every handler: what it does not let through, none of them sees. */
final class Door {
    private static final Logger LOG = LoggerFactory.getLogger(Door.class);

    /** Exactly these: a path that only begins like one of them is none of them. */
    private static final Set<String> PROBES = Set.of("/health/live", "/health/ready");

    private static final Pattern THIS_MACHINE = Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[::1]");
    private static final String CALLER = "firn.caller";
    private static final String CERTIFICATES = "jakarta.servlet.request.X509Certificate";
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int TOO_MANY = 429;

    /** Of a wrong token, in requests: guessing is slow. */
    private static final int COST_OF_A_WRONG_TOKEN = 20;

    private final Access access;
    private final RateLimit limit;
    private final Set<String> open;

    /** @param open paths that anybody may get, beside the probes */
    Door(Access access, RateLimit limit, Set<String> open) {
        this.access = access;
        this.limit = limit;
        this.open = Set.copyOf(open);
    }

    /** To be called before any handler. */
    void admit(Context context) {
        headers(context);
        if (PROBES.contains(context.path())) {
            return;
        }
        if (!limit.take(address(context), 1)) {
            context.header("Retry-After", "1");
            refuse(
                    context,
                    TOO_MANY,
                    "this address asks more often than it may",
                    "http.requests-per-second",
                    "ask less often");
        } else if (isFromElsewhere(context)) {
            refuse(
                    context,
                    FORBIDDEN,
                    "a page of another site asks, or by another name than this machine's",
                    "headers Host and Origin",
                    "use the service's own page, at the address that it listens on");
        } else {
            identify(context);
        }
    }

    private void identify(Context context) {
        Role needed = needed(context);
        Optional<Caller> caller = access.caller(context.header("Authorization"), certificates(context));
        if (caller.isPresent()) {
            context.attribute(CALLER, caller.get());
        }
        if (caller.map(Caller::role).orElse(Role.ANYONE).covers(needed)) {
            return;
        }
        if (caller.isPresent()) {
            refuse(
                    context,
                    FORBIDDEN,
                    "this token is for looking alone",
                    "header Authorization",
                    "use an operator's token: http.token, or one of http.operators");
            return;
        }
        limit.take(address(context), COST_OF_A_WRONG_TOKEN);
        context.header("WWW-Authenticate", "Bearer");
        refuse(
                context,
                UNAUTHORIZED,
                "a token is needed, and this is none or not the one",
                "header Authorization",
                "send 'Authorization: Bearer' with a token of the configuration, as http.token");
    }

    private Role needed(Context context) {
        HandlerType method = context.method();
        if (!method.equals(HandlerType.GET) && !method.equals(HandlerType.HEAD)) {
            return Role.OPERATOR;
        }
        return open.contains(context.path()) ? Role.ANYONE : Role.READER;
    }

    /**
     * Where no token is asked for, any page in a browser of this machine could send requests: of another origin, or,
     * after its own name was made to point here, of its own.
     */
    private boolean isFromElsewhere(Context context) {
        String host = context.header("Host");
        String origin = context.header("Origin");
        if (origin != null && !Objects.equals(authority(origin), host)) {
            return true;
        }
        return access.isOpen()
                && (host == null || !THIS_MACHINE.matcher(withoutPort(host)).matches());
    }

    private static @Nullable String authority(String origin) {
        try {
            return URI.create(origin).getRawAuthority();
        } catch (IllegalArgumentException strange) {
            return null;
        }
    }

    private static String withoutPort(String host) {
        return host.replaceFirst(":\\d+$", "").toLowerCase(Locale.ROOT);
    }

    private static X509Certificate @Nullable [] certificates(Context context) {
        return (X509Certificate[]) context.req().getAttribute(CERTIFICATES);
    }

    /** Who asks, for people. */
    static String who(Context context) {
        Caller caller = context.attribute(CALLER);
        return (caller == null ? "somebody" : caller.name()) + " from " + address(context);
    }

    /** The peer's own; what a header says of it anybody can write. */
    private static String address(Context context) {
        return context.req().getRemoteAddr();
    }

    private static void refuse(Context context, int status, String what, String where, String action) {
        if (needsMention(context)) {
            LOG.warn(
                    "refused {} {} of {} with {}: {}",
                    context.method(),
                    Plain.text(context.path()),
                    who(context),
                    status,
                    what);
        }
        Problem.answer(context, status, "http-" + status, what, where, action);
        context.skipRemainingHandlers();
    }

    private static boolean needsMention(Context context) {
        return !context.method().equals(HandlerType.GET) && !context.method().equals(HandlerType.HEAD);
    }

    private static void headers(Context context) {
        context.header("X-Content-Type-Options", "nosniff");
        context.header("X-Frame-Options", "DENY");
        context.header(
                "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
                        + " form-action 'none'; base-uri 'none'; frame-ancestors 'none'");
        context.header("Referrer-Policy", "no-referrer");
        context.header("Cross-Origin-Resource-Policy", "same-origin");
        context.header("Cross-Origin-Opener-Policy", "same-origin");
        context.header("Cache-Control", "no-store");
    }
}
