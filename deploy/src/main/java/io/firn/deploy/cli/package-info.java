/**
 * The command line, one class a command. In: arguments. Out: results on standard output, errors in three parts on
 * standard error, an exit code. Start at {@link io.firn.deploy.cli.FirnCommand}.
 */
@NullMarked
package io.firn.deploy.cli;

import org.jspecify.annotations.NullMarked;
