/** Text in which programs and members stand between backticks. */
export const WithCode = ({ text }: { text: string }) =>
  text
    .split("`")
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text have no other name
    .map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part));
