import type { Attribute, Element } from "@/api/types";
import css from "@/entities/entities.module.css";
import { useHistory } from "@/entities/history";
import { Value } from "@/entities/Value";
import { numeric, textOf } from "@/entities/values";
import { Button } from "@/ui";
import { Sparkline } from "@/ui/sparkline";

interface Props {
  entity: Element;
  onEdit: (attribute: Attribute) => void;
  onRemove: (name: string) => void;
}

export function AttributeList({ entity, onEdit, onRemove }: Props) {
  const attributes = entity.attributes ?? [];
  if (attributes.length === 0) return <p className="soft">It has none.</p>;
  return (
    <ul className={css.attributes}>
      {attributes.map((attribute) => (
        <li key={attribute.name} className={css.attribute}>
          <div className={css.attributeText}>
            <div>
              <strong>{attribute.name}</strong> <span className={css.type}>{attribute.type}</span>
            </div>
            <div className={css.attributeValue}>
              <Value value={attribute.value} />
            </div>
            <AttributeMetadata attribute={attribute} />
          </div>
          {numeric(attribute.value) !== undefined && <History entity={entity} attribute={attribute} />}
          <div className={css.attributeActions}>
            <Button
              look="plain"
              icon="edit"
              aria-label={`Edit ${attribute.name}`}
              onClick={() => onEdit(attribute)}
            />
            <Button
              look="plain"
              icon="trash"
              aria-label={`Remove ${attribute.name}`}
              onClick={() => onRemove(attribute.name)}
            />
          </div>
        </li>
      ))}
    </ul>
  );
}

function History({ entity, attribute }: { entity: Element; attribute: Attribute }) {
  const points = useHistory(entity, attribute);
  if (points.length < 2) return null;
  return (
    <Sparkline
      label={`${attribute.name} over the last ${points.length} updates`}
      values={points.map(([, value]) => value)}
      width={110}
      height={30}
      fit
    />
  );
}

function AttributeMetadata({ attribute }: { attribute: Attribute }) {
  if (!attribute.metadata?.length) return null;
  return (
    <ul className={css.metadata}>
      {attribute.metadata.map(({ name, value }) => (
        <li key={name}>
          {name}: <span className="mono">{textOf(value)}</span>
        </li>
      ))}
    </ul>
  );
}
