// The container images of an operator.
import type { DockerImage } from "@/api/types";
import { newImage, type Problems } from "@/operators/operator";
import css from "@/operators/operators.module.css";
import { Button, CheckField, SelectField, TextField } from "@/ui";

interface Props {
  images: DockerImage[];
  problems: Problems;
  onChange: (images: DockerImage[]) => void;
}

export function ImagesField({ images, problems, onChange }: Props) {
  const change = (at: number, patch: Partial<DockerImage>) =>
    onChange(images.map((image, index) => (index === at ? { ...image, ...patch } : image)));
  return (
    <div className="stack">
      {images.map((image, index) => (
        <ImageRow
          // biome-ignore lint/suspicious/noArrayIndexKey: an image is known by its place in the document
          key={index}
          number={index + 1}
          image={image}
          problem={problems.get(`dockerimages[${index}].name`)}
          onChange={(patch) => change(index, patch)}
          onRemove={() => onChange(images.filter((_, other) => other !== index))}
        />
      ))}
      <div>
        <Button icon="plus" onClick={() => onChange([...images, newImage()])}>
          Add an image
        </Button>
      </div>
    </div>
  );
}

interface RowProps {
  number: number;
  image: DockerImage;
  problem?: string;
  onChange: (patch: Partial<DockerImage>) => void;
  onRemove: () => void;
}

function ImageRow({ number, image, problem, onChange, onRemove }: RowProps) {
  return (
    <fieldset className={css.image}>
      <legend className="visually-hidden">Image {number}</legend>
      <TextField
        label="Image"
        placeholder="fogflow/counter"
        value={image.name}
        problem={problem}
        onChange={(event) => onChange({ name: event.target.value })}
      />
      <TextField
        label="Tag"
        placeholder="latest"
        value={image.tag ?? ""}
        onChange={(event) => onChange({ tag: event.target.value })}
      />
      <Choice
        label="Hardware"
        value={image.hwType}
        options={["X86", "ARM"]}
        onChange={(hwType) => onChange({ hwType })}
      />
      <Choice
        label="System"
        value={image.osType}
        options={["Linux"]}
        onChange={(osType) => onChange({ osType })}
      />
      <CheckField
        label="Fetch ahead"
        checked={Boolean(image.prefetched)}
        onChange={(event) => onChange({ prefetched: event.target.checked })}
      />
      <Button icon="trash" look="plain" aria-label={`Remove image ${number}`} onClick={onRemove} />
    </fieldset>
  );
}

interface ChoiceProps {
  label: string;
  hint?: string;
  problem?: string;
  value: string | undefined;
  options: readonly string[];
  onChange: (value: string) => void;
}

/** Any, one of the options, or what the document says already. */
export function Choice({ label, hint, problem, value = "", options, onChange }: ChoiceProps) {
  const all = value && !options.includes(value) ? [...options, value] : options;
  return (
    <SelectField
      label={label}
      hint={hint}
      problem={problem}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">Any</option>
      {all.map((option) => (
        <option key={option}>{option}</option>
      ))}
    </SelectField>
  );
}
