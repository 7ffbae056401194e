package io.firn.catalog.schema;

import io.firn.catalog.schema.FileSchema.Values;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types.NestedField;
import org.jspecify.annotations.Nullable;

/** Compares the columns that files were written with to those of the table now, by field ID. Pure. */
final class FieldDifferences {
    private final Schema written;
    private final Schema now;
    private final Values values;
    private final Map<Integer, NestedField> writtenById;
    private final Map<Integer, NestedField> nowById;
    private final Map<Integer, Integer> writtenParents;
    private final Map<Integer, Integer> nowParents;

    FieldDifferences(Schema written, Schema now, Values values) {
        this.written = written;
        this.now = now;
        this.values = values;
        this.writtenById = TypeUtil.indexById(written.asStruct());
        this.nowById = TypeUtil.indexById(now.asStruct());
        this.writtenParents = TypeUtil.indexParents(written.asStruct());
        this.nowParents = TypeUtil.indexParents(now.asStruct());
    }

    void addTo(List<String> differences) {
        writtenById.forEach((id, field) -> {
            NestedField there = nowById.get(id);
            String difference = there == null ? ofDropped(id) : ofKept(field, there);
            if (difference != null) {
                differences.add(difference);
            }
        });
        nowById.forEach((id, field) -> {
            String difference = writtenById.containsKey(id) || !isParentWritten(id) ? null : ofAdded(field);
            if (difference != null) {
                differences.add(difference);
            }
        });
    }

    /** The values in the files are not visible. If a column has the name now, it has to get them. */
    private @Nullable String ofDropped(int id) {
        String name = written.findColumnName(id);
        NestedField again = now.findField(name);
        return isByName() && again != null
                ? "column '" + name + "' (field " + id + ") is field " + again.fieldId() + " now"
                : null;
    }

    private @Nullable String ofKept(NestedField before, NestedField there) {
        int id = before.fieldId();
        String name = now.findColumnName(id);
        if (!Objects.equals(writtenParents.get(id), nowParents.get(id))) {
            return "column '" + name + "' was moved into another one";
        }
        if (isByName() && !before.name().equals(there.name())) {
            return "column '" + written.findColumnName(id) + "' was renamed to '" + there.name() + "'";
        }
        if (before.isOptional() && there.isRequired()) {
            return "column '" + name + "' must not be null any more";
        }
        if (isByName() && !Objects.equals(before.writeDefault(), there.writeDefault())) {
            return "column '" + name + "' has another default";
        }
        return isTypeKept(before.type(), there.type())
                ? null
                : "column '" + name + "' was " + SchemaText.of(before.type()) + " and is "
                        + SchemaText.of(there.type());
    }

    /** A float that is read as a double is not the double that the record has, so records are decoded again. */
    private boolean isTypeKept(Type before, Type there) {
        if (!before.isPrimitiveType() || !there.isPrimitiveType()) {
            return before.typeId() == there.typeId();
        }
        return before.equals(there) || !isByName() && TypeUtil.isPromotionAllowed(before, there.asPrimitiveType());
    }

    private @Nullable String ofAdded(NestedField added) {
        String name = now.findColumnName(added.fieldId());
        if (added.isRequired() && added.initialDefault() == null) {
            return "column '" + name + "' was added and must not be null";
        }
        boolean isDefaultKept = Objects.equals(added.initialDefault(), added.writeDefault());
        if (isByName() && !isDefaultKept
                || values == Values.BY_NAME_IN_PART
                || isByName() && SourceColumns.isFilledByFirn(name)) {
            return "column '" + name + "' was added";
        }
        return null;
    }

    /** Fields inside of a column that was added are not missing in the files: the column as a whole is. */
    private boolean isParentWritten(int id) {
        Integer parent = nowParents.get(id);
        return parent == null || writtenById.containsKey(parent);
    }

    private boolean isByName() {
        return values != Values.BY_ID;
    }
}
