/** Schedules on a clock that stands still unless the test says otherwise. */
@NullMarked
package io.firn.deploy.maintain;

import org.jspecify.annotations.NullMarked;
