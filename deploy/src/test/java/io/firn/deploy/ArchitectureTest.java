package io.firn.deploy;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_FIELD_INJECTION;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.domain.properties.HasOwner;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.time.Clock;
import java.time.Instant;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.io.FileIO;

/** The rules that ARCHITECTURE.md says a test holds. */
@AnalyzeClasses(
        packages = "io.firn",
        importOptions = {ImportOption.DoNotIncludeTests.class, ArchitectureTest.NoTestJars.class})
class ArchitectureTest {
    /** The tests of another module, as Maven packs them. */
    static final class NoTestJars implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }

    /** A deletion anywhere else would pass by the proof that the file is the table's own. */
    @ArchTest
    static final ArchRule files_of_tables_are_deleted_in_one_place = noClasses()
            .that()
            .resideOutsideOfPackage("io.firn.catalog.location..")
            .should()
            .callMethodWhere(JavaCall.Predicates.target(
                            HasName.Predicates.nameMatching("deleteFile|deleteFiles|deletePrefix|dropTableData"))
                    .and(JavaCall.Predicates.target(HasOwner.Predicates.With.owner(DescribedPredicate.or(
                            JavaClass.Predicates.assignableTo(FileIO.class),
                            JavaClass.Predicates.equivalentTo(CatalogUtil.class))))));

    /** vex.json says so of the libraries that are shaded in other jars. */
    @ArchTest
    static final ArchRule shaded_libraries_are_not_used = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "org.apache.hadoop.shaded..",
                    "org.apache.hadoop.thirdparty..",
                    "shaded.parquet..",
                    "org.apache.parquet.crypto.keytools..");

    /** The order of the stages is told in one place: IngestLoop. */
    @ArchTest
    static final ArchRule stages_do_not_know_each_other = slices().matching("io.firn.ingest.(*)..")
            .should()
            .notDependOnEachOther()
            .ignoreDependency(
                    DescribedPredicate.alwaysTrue(), JavaClass.Predicates.resideInAPackage("..ingest.record.."));

    @ArchTest
    static final ArchRule within_ingest_only_poll_sees_kafka = noClasses()
            .that()
            .resideInAPackage("io.firn.ingest..")
            .and()
            .resideOutsideOfPackage("..ingest.poll..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.apache.kafka..");

    @ArchTest
    static final ArchRule catalog_knows_neither_kafka_nor_the_others = noClasses()
            .that()
            .resideInAPackage("io.firn.catalog..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.kafka..", "io.firn.ingest..", "io.firn.compaction..", "io.firn.deploy..");

    @ArchTest
    static final ArchRule ingest_and_compaction_are_strangers = noClasses()
            .that()
            .resideInAPackage("io.firn.ingest..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.firn.compaction..", "io.firn.deploy..");

    /** The command line and the quickstart talk to a person in real time; everything below them is handed a clock. */
    @ArchTest
    static final ArchRule time_is_injected = noClasses()
            .that()
            .resideOutsideOfPackage("io.firn.deploy..")
            .should()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(Instant.class, "now")
            .orShould()
            .callMethod(Clock.class, "systemUTC")
            .orShould()
            .callMethod(Thread.class, "sleep", long.class)
            .because("the simulation owns the clock");

    @ArchTest
    static final ArchRule no_static_mutable_state =
            noFields().that().areStatic().should().notBeFinal();

    @ArchTest
    static final ArchRule no_junk_drawers = noClasses()
            .should()
            .haveSimpleNameEndingWith("Utils")
            .orShould()
            .haveSimpleNameEndingWith("Helper")
            .orShould()
            .haveSimpleNameEndingWith("Manager")
            .orShould()
            .haveSimpleNameEndingWith("Impl");

    @ArchTest
    static final ArchRule implementations_are_closed = classes()
            .that()
            .areNotInterfaces()
            .and()
            .areTopLevelClasses()
            .should(new ArchCondition<JavaClass>("be final or abstract") {
                @Override
                public void check(JavaClass type, ConditionEvents events) {
                    boolean closed = type.getModifiers().contains(JavaModifier.FINAL)
                            || type.getModifiers().contains(JavaModifier.ABSTRACT)
                            || type.isEnum()
                            || type.getSimpleName().equals("package-info");
                    events.add(new SimpleConditionEvent(type, closed, type.getName() + " is open for extension"));
                }
            });

    @ArchTest
    static final ArchRule no_field_injection = NO_CLASSES_SHOULD_USE_FIELD_INJECTION;

    @ArchTest
    static final ArchRule no_generic_exceptions = NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS;
}
