import { type ChangeEvent, useEffect, useState } from "react";
import { photoProblem, photoTypes } from "@/devices/devices";
import { Button, Field } from "@/ui";
import css from "./devices.module.css";

interface Props {
  /** The path of the photo it has. */
  shown?: string;
  /** A new one, or that it is to have none. */
  photo: File | "none" | null;
  onChange: (photo: File | "none" | null) => void;
}

export function PhotoField({ shown, photo, onChange }: Props) {
  const [problem, setProblem] = useState<string>();
  const preview = usePreview(photo);
  const source = preview ?? (photo === "none" ? undefined : shown);
  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    const wrong = file && photoProblem(file);
    setProblem(wrong);
    onChange(file && !wrong ? file : null);
    if (wrong) event.target.value = "";
  };
  /** A file may call itself a picture and be none. */
  const unreadable = () => {
    if (!(photo instanceof File)) return;
    setProblem("The file is not a picture that can be shown.");
    onChange(null);
  };
  return (
    <div className={css.photoField}>
      <Field label="Photo" hint="PNG, JPEG, WebP or GIF, 2 MB at most." problem={problem}>
        {(wiring) => <input type="file" accept={photoTypes.join(",")} {...wiring} onChange={choose} />}
      </Field>
      {source && <img className={css.preview} src={source} alt="The device" onError={unreadable} />}
      {source && (
        <Button icon="trash" onClick={() => onChange(shown ? "none" : null)}>
          No photo
        </Button>
      )}
    </div>
  );
}

function usePreview(photo: File | "none" | null): string | undefined {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    if (!(photo instanceof File)) return setAddress(undefined);
    const created = URL.createObjectURL(photo);
    setAddress(created);
    return () => URL.revokeObjectURL(created);
  }, [photo]);
  return address;
}
