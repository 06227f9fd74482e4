/// <reference types="vite/client" />

declare module "virtual:world" {
  const url: string;
  export default url;
}
