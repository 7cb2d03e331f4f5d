declare module '*.css';
declare module '*.svg' {
  const address: string;
  export default address;
}

/** True in development builds only (webpack.config.js). */
declare const __DEV_TOOLS__: boolean;
