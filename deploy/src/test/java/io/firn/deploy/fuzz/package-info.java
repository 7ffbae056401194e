/**
 * What comes from outside, mutated by the million: a value or Firn's own refusal, never another exception, never
 * without end, never with memory beyond measure. Start at {@link io.firn.deploy.fuzz.Fuzzer}.
 */
@NullMarked
package io.firn.deploy.fuzz;

import org.jspecify.annotations.NullMarked;
